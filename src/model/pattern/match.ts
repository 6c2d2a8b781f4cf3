import { allPermissions, type PermissionSet } from "../permission.ts";
import { SLASH } from "./byte-set.ts";
import type { Branch, Pattern, Token } from "./types.ts";

/**
 * The permissions for which `pattern` speaks about the name `bytes`: `/a/**` about `/a` not for
 * create and delete.
 */
export function coverage(pattern: Pattern, bytes: Uint8Array): PermissionSet {
  let covered = 0;
  for (const branch of pattern.branches) {
    if ((branch.mask & ~covered) !== 0 && branchMatches(branch, bytes)) covered |= branch.mask;
  }
  return covered;
}

/** Whether `pattern` covers the name for one of `permissions` (left out: for any). */
export function matches(
  pattern: Pattern,
  bytes: Uint8Array,
  permissions: PermissionSet = allPermissions,
): boolean {
  return (coverage(pattern, bytes) & permissions) !== 0;
}

/**
 * All places of the pattern that the name may have reached are followed side by side, so the cost
 * is at most tokens times bytes, whatever the pattern.
 */
function branchMatches({ tokens }: Branch, bytes: Uint8Array): boolean {
  let literal = 0;
  while (tokens[literal]?.kind === "byte") {
    if ((tokens[literal] as Token & { kind: "byte" }).byte !== bytes[literal]) return false;
    literal++;
  }
  let reached = new Places(tokens.length);
  reached.add(tokens, literal);
  for (let at = literal; at < bytes.length; at++) {
    const next = new Places(tokens.length);
    const byte = bytes[at] as number;
    for (const place of reached.places) advance(tokens, place, byte, next);
    for (const place of reached.inside) skip(tokens, place, byte, next);
    if (next.places.length + next.inside.length === 0) return false;
    reached = next;
  }
  return reached.has(tokens.length);
}

/**
 * `places`: this many tokens are matched. `inside`: within a component that the `tree` token of
 * that index skips.
 */
class Places {
  readonly places: number[] = [];
  readonly inside: number[] = [];
  private readonly seen: Uint8Array;

  constructor(size: number) {
    this.seen = new Uint8Array(size + 1);
  }

  has(place: number): boolean {
    return ((this.seen[place] as number) & 1) !== 0;
  }

  add(tokens: readonly Token[], place: number): void {
    if (this.has(place)) return;
    this.seen[place] = (this.seen[place] as number) | 1;
    this.places.push(place);
    const kind = tokens[place]?.kind;
    if (kind === "star" || kind === "globstar" || kind === "tree") this.add(tokens, place + 1);
  }

  enter(place: number): void {
    if (((this.seen[place] as number) & 2) !== 0) return;
    this.seen[place] = (this.seen[place] as number) | 2;
    this.inside.push(place);
  }
}

function advance(tokens: readonly Token[], place: number, byte: number, next: Places): void {
  const token = tokens[place];
  if (token === undefined) return;
  if (token.kind === "byte" && token.byte === byte) next.add(tokens, place + 1);
  else if (token.kind === "set" && token.members[byte] === 1) next.add(tokens, place + 1);
  else if (token.kind === "star" && byte !== SLASH) next.add(tokens, place);
  else if (token.kind === "globstar") next.add(tokens, place);
  else if (token.kind === "tree") next.enter(place);
}

function skip(tokens: readonly Token[], place: number, byte: number, next: Places): void {
  next.enter(place);
  if (byte === SLASH) next.add(tokens, place + 1);
}
