import { afterEach, beforeEach, expect, test, vi } from "vitest";

const DAY_MS = 86_400_000;
const all = ["a", "b", "c", "d", "e", "f", "g", "h"];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

/** The module reads the variable and the day once. */
async function partOn(day: number, whole: string, parts: number): Promise<readonly string[]> {
  vi.stubEnv("COFFERDAM_WHOLE", whole);
  vi.setSystemTime(day * DAY_MS);
  vi.resetModules();
  const { partOfToday } = await import("./part-of-today.ts");
  return partOfToday(all, parts);
}

test("with COFFERDAM_WHOLE=1 all is tried", async () => {
  expect(await partOn(0, "1", 4)).toEqual(all);
});

for (const parts of [2, 4])
  test(`of ${parts} parts, as many turns of a file that each third day has try each`, async () => {
    const tried: string[] = [];
    for (let turn = 0; turn < parts; turn++) {
      const part = await partOn(3 * turn, "", parts);
      expect(part).toHaveLength(all.length / parts);
      tried.push(...part);
    }
    expect(tried.sort()).toEqual(all);
  });
