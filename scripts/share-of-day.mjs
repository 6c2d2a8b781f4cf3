// What one day's `npm test` runs of what takes long.

const DAY_MS = 86_400_000;

/** All instead, as `.ci/run` has it. */
export const isWhole = process.env.COFFERDAM_WHOLE === "1";

/** Each of `parts` days another share, so that all have a day. */
export function shareOf(all, parts, day) {
  const now = Math.floor(day.getTime() / DAY_MS) % parts;
  return all.filter((_, at) => at % parts === now);
}

/**
 * The test files that take longest, in groups of a third of their CPU time, which HACKING.md has.
 * `npm test` runs one group a day, and tells which files it left out.
 */
const groups = [
  ["test/vm/stock-kernel.test.ts", "test/library/tenth.test.ts", "test/cli/reach.test.ts"],
  [
    "test/host/units/units.test.ts",
    "test/life/life.test.ts",
    "test/system/live.test.ts",
    "test/mediate/supervised/exec-raced.test.ts",
    "test/kernel-suites/kernel-suites.test.ts",
    "test/cli/exceptions.test.ts",
    "test/cli/test-engine.test.ts",
  ],
  [
    "test/vm/lsm.test.ts",
    "test/properties/asking-gains-nothing.test.ts",
    "test/properties/starts-again/starts-again.test.ts",
    "test/package/lifecycle.test.ts",
    "test/machines/power.test.ts",
    "test/protect/all.test.ts",
    "test/protect/learned.test.ts",
    "test/protect/readme.test.ts",
    "test/agent/exceptions.test.ts",
    "test/cli/suggest/interactive.test.ts",
    "test/cli/domains.test.ts",
    "test/package/contents.test.ts",
  ],
];

export const longTests = groups.flat();

/** Those that other days run. */
export function leftOutOn(day) {
  const today = shareOf(groups, groups.length, day).flat();
  return longTests.filter((file) => !today.includes(file));
}
