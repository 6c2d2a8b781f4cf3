import * as fs from "node:fs";
import * as path from "node:path";
import { beforeAll, expect, test } from "vitest";
import { scratchFolder } from "../support/scratch.ts";
import { needsRoot, skipUnless } from "../support/skip.ts";
import { widePolicy } from "./policy.ts";
import { buildSuite, haveSources, type Place, runSuite, type SuiteOutcome } from "./run.ts";
import { type Suite, suites } from "./suites.ts";

/** Two runs of a suite and their compiling, on a machine with other work, in milliseconds. */
const TEST_TIMEOUT_MS = 600_000;

/** Of what a suite printed, so many characters are shown when it comes out wrong. */
const TOLD_MAX = 3000;

let folder: string;
let place: Place;
let policy: string;
beforeAll(() => {
  folder = scratchFolder("suites");
  place = { bin: path.join(folder, "bin"), work: path.join(folder, "work") };
  for (const name of Object.values(place)) fs.mkdirSync(name);
  policy = path.join(folder, "suites.yaml");
  fs.writeFileSync(policy, widePolicy(place));
});

test.for(suites)(
  "$name: works outside, and inside a domain as far as it should",
  { timeout: TEST_TIMEOUT_MS },
  (suite, context) => {
    needsRoot(context);
    skipUnless(context, haveSources(), "set-up could not fetch the kernel's source");
    buildSuite(suite, path.join(place.bin, suite.name));
    const bare = runSuite(suite, place, null);
    expectWorks(suite, bare);
    expectInside(suite, bare, runSuite(suite, place, policy));
  },
);

function named(outcome: SuiteOutcome, state: "passed" | "failed"): readonly string[] {
  return [...outcome.tests].filter(([, found]) => found === state).map(([name]) => name);
}

/** An operation that does not work here proves nothing when it is refused in a domain. */
function expectWorks({ failsBare = {} }: Suite, bare: SuiteOutcome): void {
  const failed = named(bare, "failed").filter((name) => failsBare[name] === undefined);
  expect(failed, `outside every domain:\n${telling(bare)}`).toEqual([]);
  if (Object.keys(failsBare).length === 0)
    expect(bare.status, `outside every domain:\n${telling(bare)}`).toBe(0);
}

function expectInside({ inside }: Suite, bare: SuiteOutcome, confined: SuiteOutcome): void {
  if (inside.as === "stops") {
    expect(confined.text).toMatch(inside.says);
    expect(confined.status, telling(confined)).not.toBe(0);
    return;
  }
  const isRefused = (name: string) => inside.as === "refused" && inside.tests.test(name);
  const expected = named(bare, "passed").filter((name) => !isRefused(name));
  const passed = named(confined, "passed").filter((name) => bare.tests.get(name) === "passed");
  expect(passed, telling(confined)).toEqual(expected);
  if (inside.as === "same") expect(confined.status, telling(confined)).toBe(bare.status);
}

/** What the harness printed about tests that failed; of other programs the end. */
function telling({ text, status }: SuiteOutcome): string {
  const failed = text.split(/^(?=# {2}RUN )/m).filter((part) => part.includes("FAIL"));
  const told = failed.length > 0 ? failed.join("").slice(0, TOLD_MAX) : text.slice(-TOLD_MAX);
  return `${told}\nexit status ${status}`;
}
