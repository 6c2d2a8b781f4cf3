const DAY_MS = 86_400_000;

/** Each of `parts` days another part, so that each of them comes once. */
export function shareOf<T>(all: readonly T[], parts: number, day: Date): readonly T[] {
  const now = Math.floor(day.getTime() / DAY_MS) % parts;
  return all.filter((_, at) => at % parts === now);
}

/**
 * Of what takes long, today's share: `npm test` tries a part each day. `COFFERDAM_TEST_WHOLE=1`
 * (`.ci/run` has it) tries all.
 */
export function todaysShare<T>(all: readonly T[], parts: number): readonly T[] {
  return process.env.COFFERDAM_TEST_WHOLE === "1" ? all : shareOf(all, parts, new Date());
}
