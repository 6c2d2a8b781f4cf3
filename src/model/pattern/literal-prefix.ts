import { nameOfBytes } from "../name-bytes.ts";
import { SLASH } from "./byte-set.ts";
import type { Pattern } from "./types.ts";

/** The pattern matches only `literalPrefix(pattern)`. */
export function isLiteral({ alternatives }: Pattern): boolean {
  return (
    alternatives.length === 1 &&
    alternatives.every(({ atoms }) => atoms.every((atom) => atom.kind === "byte"))
  );
}

/**
 * The longest common beginning of all matching names, in whole components. A pattern without
 * wildcards gives the name itself, others the directory before the first wildcard (`/var/log` for
 * `/var/log/*.log`, `/` for `/{a,b}`).
 */
export function literalPrefix(pattern: Pattern): string {
  const prefixes = pattern.alternatives.map(({ atoms }) => {
    const end = atoms.findIndex((atom) => atom.kind !== "byte");
    const literal = atoms.slice(0, end === -1 ? atoms.length : end);
    return literal.map((atom) => (atom.kind === "byte" ? atom.byte : 0));
  });
  const first = prefixes[0] as number[];
  if (isLiteral(pattern)) return nameOfBytes(Uint8Array.from(first));
  let common = first.length;
  for (const prefix of prefixes) {
    let same = 0;
    while (same < common && prefix[same] === first[same]) same++;
    common = same;
  }
  const slash = first.lastIndexOf(SLASH, common - 1);
  if (slash < 0 || common === 0) return nameOfBytes(Uint8Array.from(first.slice(0, common)));
  return slash === 0 ? "/" : nameOfBytes(Uint8Array.from(first.slice(0, slash)));
}
