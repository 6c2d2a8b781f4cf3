/** Filters that one process keeps; at the limit all are dropped. */
const FILTERS_KEPT_MAX = 64;

/**
 * Many domains of a host list the same calls: equal contexts share one filter. `context` must
 * contain everything that `build` uses.
 */
export function keptFilters<T extends object>(
  build: (context: T) => Uint8Array,
): (context: T) => Uint8Array {
  const kept = new Map<string, Uint8Array>();
  return (context) => {
    const key = JSON.stringify(context, (_, value) => (value instanceof Set ? [...value] : value));
    const known = kept.get(key);
    if (known !== undefined) return known;
    if (kept.size >= FILTERS_KEPT_MAX) kept.clear();
    const filter = build(context);
    kept.set(key, filter);
    return filter;
  };
}
