// Of the test files that take longest, `npm test` runs one group a day, and tells which it left
// out; with COFFERDAM_WHOLE=1, as `.ci/run` has it, all of them. A group has a third of their CPU
// time, which HACKING.md has.

const DAY_MS = 86_400_000;

const groups = [
  ["test/vm/stock-kernel.test.ts"],
  [
    "test/host/units/units.test.ts",
    "test/life/life.test.ts",
    "test/system/live.test.ts",
    "test/mediate/supervised/exec-raced.test.ts",
    "test/kernel-suites/kernel-suites.test.ts",
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
  ],
];

export const longTests = groups.flat();

/** Those of the other days; the group of a day is that of its number since 1970, in UTC. */
export function leftOutOn(day) {
  const today = groups[Math.floor(day.getTime() / DAY_MS) % groups.length];
  return longTests.filter((file) => !today.includes(file));
}
