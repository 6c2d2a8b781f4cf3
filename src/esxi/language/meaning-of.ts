/**
 * Looks a word from a file up in a table. Ignores properties that every object inherits, such as
 * `constructor`.
 */
export function meaningOf<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}
