import { isByte, isSlash } from "./branches.ts";
import { type Atom, PatternRefusal } from "./types.ts";

/**
 * Refuses what could never match a canonical name. Braces are expanded already, so `/a{,/}` is
 * found here.
 */
export function checkAlternative(atoms: readonly Atom[]): void {
  const first = atoms[0];
  if (isByte(first, 0x40)) return;
  if (!isSlash(first)) {
    throw new PatternRefusal(
      "pattern-start",
      first?.offset ?? 0,
      "a pattern starts with `/`, or with `@` for an abstract socket",
    );
  }
  const nul = atoms.find((atom) => isByte(atom, 0));
  if (nul !== undefined)
    throw new PatternRefusal("pattern-escape", nul.offset, "a path ends before its first NUL byte");
  let start = 1;
  for (let index = 1; index <= atoms.length; index++) {
    if (index < atoms.length && !isSlash(atoms[index])) continue;
    checkComponent(atoms, start, index);
    start = index + 1;
  }
}

function checkComponent(atoms: readonly Atom[], start: number, end: number): void {
  const component = atoms.slice(start, end);
  if (component.length === 0) {
    if (end < atoms.length)
      throw new PatternRefusal(
        "pattern-double-slash",
        (atoms[end] as Atom).offset,
        "`//` has no name between its slashes",
      );
    if (end === 1) return;
    throw new PatternRefusal(
      "pattern-trailing-slash",
      (atoms[end - 1] as Atom).offset,
      "write a directory without the trailing `/`, everything in it with `/**`",
    );
  }
  const offset = (component[0] as Atom).offset;
  if (component.length <= 2 && component.every((atom) => isByte(atom, 0x2e))) {
    const dots = ".".repeat(component.length);
    throw new PatternRefusal(
      "pattern-dot-component",
      offset,
      `\`${dots}\` is not part of a canonical name; write the path it leads to`,
    );
  }
  const next = atoms[end + 1];
  if (component.length === 1 && component[0]?.kind === "globstar" && next?.kind === "globstar") {
    if (end + 2 === atoms.length || isSlash(atoms[end + 2])) {
      throw new PatternRefusal("pattern-stars", next.offset, "`**/**` means the same as `**`");
    }
  }
}
