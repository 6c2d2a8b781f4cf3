/**
 * A table's own value for a word from a file: undefined for properties of every object, such as
 * `constructor`.
 */
export function meaningOf<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}
