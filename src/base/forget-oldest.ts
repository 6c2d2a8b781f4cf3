/** Removes the entry that was added first, if there are more than `max`. */
export function forgetOldest(known: Map<string, unknown> | Set<string>, max: number): void {
  const oldest = known.keys().next().value;
  if (known.size > max && oldest !== undefined) known.delete(oldest);
}
