/**
 * Kernel functions in which a thread sleeps, with ESXi's word for each. Has only words with a known
 * meaning.
 */
const words: readonly (readonly [RegExp, string])[] = [
  [/^futex_/, "UFUTEX"],
  [/poll|^do_select|^do_sys_poll|^core_sys_select/, "UPOL"],
];

/**
 * ESXi's word for a wait; `-` if it has none for this one. `waits`: the text of /proc/PID/wchan.
 */
export function waitWord(waits: string | null): string {
  return words.find(([pattern]) => waits !== null && pattern.test(waits))?.[1] ?? "-";
}
