/**
 * What a table has for a word that somebody wrote: nothing for what every object has, `constructor`
 * for one.
 */
export function meaningOf<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}
