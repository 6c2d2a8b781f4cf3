/** The rules exceed a limit of `limits.ts`. Nothing was built. */
export class AutomatonTooLarge extends Error {
  readonly what: "nodes" | "states" | "cells";
  readonly limit: number;
  constructor(what: "nodes" | "states" | "cells", limit: number) {
    super(
      `the name rules need more than ${limit} automaton ${what}; use fewer patterns with ` +
        "`*` or `?` before other text",
    );
    this.name = "AutomatonTooLarge";
    this.what = what;
    this.limit = limit;
  }
}
