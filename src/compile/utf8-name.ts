/**
 * Names that are not UTF-8 are spelled with lone surrogates (`name-bytes.ts`). A plan cannot
 * contain them.
 */
export function isUtf8Name(name: string): boolean {
  return !/\p{Surrogate}/u.test(name);
}
