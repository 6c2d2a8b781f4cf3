import * as fs from "node:fs";
import * as path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cases } from "./case.ts";
import { World } from "./world.ts";

/** Each case is one launch; cases are many because each is cheap, and reruns find others. */
const CASES = Number(process.env.COFFERDAM_CASES ?? 30);
const TIMEOUT_MS = 600_000;
const corpus = path.join(import.meta.dirname, "corpus");

let world: World;
beforeAll(() => {
  world = new World();
});
afterAll(() => world.close());

test(
  "`explain` and the kernel give the same verdict: generated policies, in a real sealed domain",
  () => {
    fc.assert(
      fc.property(cases, (generated) => {
        expect(world.disagreements(generated), JSON.stringify(generated)).toEqual([]);
      }),
      { numRuns: CASES, endOnFailure: true },
    );
  },
  TIMEOUT_MS,
);

for (const file of fs.readdirSync(corpus).filter((name) => name.endsWith(".json"))) {
  test(`corpus: ${file}`, () => {
    const written = JSON.parse(fs.readFileSync(path.join(corpus, file), "utf8"));
    expect(world.disagreements(written)).toEqual([]);
  });
}
