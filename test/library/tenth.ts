/** Days from one tenth to the next. */
const TENTHS = 10;
const DAY_MS = 86_400_000;

/** The daemons that a day's `npm test` takes: each of them every tenth day. */
export function tenthOf(names: readonly string[], day: Date): readonly string[] {
  const now = Math.floor(day.getTime() / DAY_MS) % TENTHS;
  return names.filter((_, at) => at % TENTHS === now);
}
