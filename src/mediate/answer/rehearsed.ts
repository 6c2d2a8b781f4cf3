/** A rehearsal came to the first effect: all that was asked is inside the domain. */
export class Rehearsed extends Error {}

/** One for all: nobody looks at its stack, and making one costs more than most judgements. */
export const rehearsed = new Rehearsed();
