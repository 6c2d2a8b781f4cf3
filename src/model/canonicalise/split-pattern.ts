import { nameOfBytes } from "../name-bytes.ts";
import { SLASH } from "../pattern/byte-set.ts";
import { parsePattern } from "../pattern.ts";

/**
 * Splits a pattern without braces: its plain leading directory (as a name), and the rest from its
 * `/` on. The rest is empty if the pattern is a plain name.
 */
export function splitPattern(text: string): { readonly directory: string; readonly rest: string } {
  const parsed = parsePattern(text);
  const atoms = "problem" in parsed ? [] : (parsed.pattern.alternatives[0]?.atoms ?? []);
  const choice = atoms.findIndex((atom) => atom.kind !== "byte");
  const bytes = atoms
    .slice(0, choice < 0 ? atoms.length : choice)
    .map((atom) => (atom.kind === "byte" ? atom.byte : 0));
  const end = choice < 0 ? atoms.length : bytes.lastIndexOf(SLASH);
  const directory = nameOfBytes(Uint8Array.from(bytes.slice(0, end)));
  const rest = atoms.slice(end).map((atom) => atom.text);
  return { directory: directory === "" ? "/" : directory, rest: rest.join("") };
}
