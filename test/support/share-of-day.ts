const DAY_MS = 86_400_000;

/** Of what takes long, a day's share: each of `parts` days another one, so that all have a day. */
export function shareOf<T>(all: readonly T[], parts: number, day: Date): readonly T[] {
  const now = Math.floor(day.getTime() / DAY_MS) % parts;
  return all.filter((_, at) => at % parts === now);
}
