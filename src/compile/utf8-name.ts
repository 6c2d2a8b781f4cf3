/**
 * Names that are no UTF-8 are spelled with lone surrogates (`name-bytes.ts`); a plan cannot carry
 * them.
 */
export function isUtf8Name(name: string): boolean {
  return !/\p{Surrogate}/u.test(name);
}
