/**
 * For NODE_OPTIONS in a virtual machine: the emulator would translate each piece of code that V8
 * compiles. A command that V8 interprets takes two thirds of the time.
 */
export const INTERPRETED = "--jitless";
