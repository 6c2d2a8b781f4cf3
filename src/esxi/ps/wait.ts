/**
 * Functions of the Linux kernel in which a thread sleeps, by the original's word for it. Only words
 * with a known meaning.
 */
const words: readonly (readonly [RegExp, string])[] = [
  [/^futex_/, "UFUTEX"],
  [/poll|^do_select|^do_sys_poll|^core_sys_select/, "UPOL"],
];

/**
 * What ESXi's ps says of a wait, or `-` where Linux waits for something that has no such word.
 * `waits`: /proc/PID/wchan.
 */
export function waitWord(waits: string | null): string {
  return words.find(([pattern]) => waits !== null && pattern.test(waits))?.[1] ?? "-";
}
