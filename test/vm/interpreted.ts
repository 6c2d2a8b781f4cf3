/**
 * For node in a virtual machine: the emulator would translate each piece of code that V8 compiles.
 * What V8 interprets takes two thirds of the time.
 */
export const INTERPRETED = "--jitless";
export const INTERPRETED_NODE = `node ${INTERPRETED}`;
