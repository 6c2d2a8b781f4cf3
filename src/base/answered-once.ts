/** The same answers, each worked out once; all of them are kept. */
export function answeredOnce<T>(answer: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const found = answer(name);
    known.set(name, found);
    return found;
  };
}
