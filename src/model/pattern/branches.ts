import { allPermissions, Permission } from "../permission.ts";
import { anyByte, SLASH } from "./byte-set.ts";
import { type Atom, type Branch, PatternRefusal, type Token } from "./types.ts";

/**
 * The meaning of one alternative. Only this code knows what `**` and a trailing `/**` cover:
 * `DIR/**` is everything below DIR, and DIR itself for every permission except create and delete.
 * Those two depend on DIR's parent, as in a Landlock rule on DIR.
 */
export function branchesOf(atoms: readonly Atom[]): readonly Branch[] {
  if (isByte(atoms[0], 0x40)) return [{ tokens: atoms.map(tokenOf), mask: allPermissions }];
  const last = atoms.length - 1;
  if (atoms[last]?.kind !== "globstar" || !isSlash(atoms[last - 1])) {
    return [{ tokens: tokensOfPath(atoms), mask: allPermissions }];
  }
  const directory = tokensOfPath(atoms.slice(0, last - 1));
  const slash: Token = { kind: "byte", byte: SLASH };
  return [
    {
      tokens: [...directory, slash, { kind: "set", members: anyByte }, { kind: "globstar" }],
      mask: allPermissions,
    },
    {
      tokens: directory.length === 0 ? [slash] : directory,
      mask: allPermissions & ~(Permission.create | Permission.delete),
    },
  ];
}

function tokensOfPath(atoms: readonly Atom[]): Token[] {
  const tokens: Token[] = [];
  for (let index = 0; index < atoms.length; index++) {
    const atom = atoms[index] as Atom;
    if (atom.kind !== "globstar" || index === atoms.length - 1) {
      tokens.push(tokenOf(atom));
      continue;
    }
    if (!isSlash(atoms[index - 1]) || !isSlash(atoms[index + 1])) {
      throw new PatternRefusal(
        "pattern-stars",
        atom.offset,
        "`**` must be a whole component or stand at the end; within a component write `*`",
      );
    }
    tokens.push({ kind: "tree" });
    index++;
  }
  return tokens;
}

function tokenOf(atom: Atom): Token {
  if (atom.kind === "byte") return { kind: "byte", byte: atom.byte };
  if (atom.kind === "set") return { kind: "set", members: atom.members };
  return { kind: atom.kind };
}

export function isByte(atom: Atom | undefined, byte: number): boolean {
  return atom?.kind === "byte" && atom.byte === byte;
}

export function isSlash(atom: Atom | undefined): boolean {
  return isByte(atom, SLASH);
}
