import { NAMES_BELOW_PAIRS_MAX } from "../limits.ts";
import { SLASH } from "../pattern/byte-set.ts";
import { Places } from "../pattern/follow.ts";
import type { Branch, Token } from "../pattern/types.ts";
import { parsePattern } from "../pattern.ts";
import type { PermissionSet } from "../permission.ts";
import type { NameRule } from "../rule.ts";

/** What the rules grant one object below a directory before and after the directory is renamed. */
export interface Renamed {
  readonly before: PermissionSet;
  readonly after: PermissionSet;
}

/**
 * The pairs of permissions that a name below `from` and the same name below `to` have; pairs may
 * repeat. Ends with null if the rules distinguish more than NAMES_BELOW_PAIRS_MAX kinds of names.
 *
 * Follows the patterns as they are written. The engines compare names by the automaton, and both
 * must agree, so this code uses none of it.
 */
export function* namesBelow(
  rules: readonly NameRule[],
  from: Uint8Array,
  to: Uint8Array,
): Generator<Renamed | null> {
  const begin = [Standing.begin(rules, from), Standing.begin(rules, to)] as const;
  const bytes = oneByteOfEachKind(begin.flatMap(({ open }) => open));
  const seen = new Set<string>();
  const work: Pair[] = [];
  const visit = (before: Standing, after: Standing, isWithin: boolean) => {
    const key = `${isWithin} ${before.key} ${after.key}`;
    if (seen.has(key)) return;
    seen.add(key);
    work.push({ before, after, isWithin });
  };
  visit(begin[0].next(SLASH), begin[1].next(SLASH), false);
  for (let pair = work.pop(); pair !== undefined; pair = work.pop()) {
    if (seen.size > NAMES_BELOW_PAIRS_MAX) {
      yield null;
      return;
    }
    const { before, after, isWithin } = pair;
    for (const byte of bytes) visit(before.next(byte), after.next(byte), true);
    if (!isWithin) continue;
    yield { before: before.permissions, after: after.permissions };
    visit(before.next(SLASH), after.next(SLASH), false);
  }
}

interface Pair {
  readonly before: Standing;
  readonly after: Standing;
  /** Within a component, so that a name may end here; else at the beginning of one. */
  readonly isWithin: boolean;
}

/** A branch of a rule's pattern, and how far a name has matched it. */
interface Open {
  readonly number: number;
  readonly branch: Branch;
  readonly allow: PermissionSet;
  readonly deny: PermissionSet;
  readonly places: Places;
}

/** The state of the rules after the first part of a name. */
class Standing {
  /** Branches that may still match and change the result. */
  readonly open: readonly Open[];
  /** Determined for every longer name. */
  readonly #allow: PermissionSet;
  readonly #deny: PermissionSet;

  private constructor(open: readonly Open[], allowed: PermissionSet, denied: PermissionSet) {
    const settled = open.filter(coversAllThatFollows);
    this.#deny = settled.reduce((set, { deny }) => set | deny, denied);
    this.#allow = settled.reduce((set, { allow }) => set | allow, allowed) & ~this.#deny;
    this.open = open.filter(
      (one) =>
        !settled.includes(one) &&
        !one.places.isStuck &&
        (((one.allow & ~this.#allow) | one.deny) & ~this.#deny) !== 0,
    );
  }

  /** @throws never for rules of a checked policy; a rule that cannot be read has no effect */
  static begin(rules: readonly NameRule[], name: Uint8Array): Standing {
    const open = rules.flatMap(({ effect, permissions, pattern }) => {
      const parsed = parsePattern(pattern);
      const branches = "problem" in parsed ? [] : parsed.pattern.branches;
      return branches.map((branch) => {
        const said = permissions & branch.mask;
        const sides = effect === "allow" ? { allow: said, deny: 0 } : { allow: 0, deny: said };
        return { branch, ...sides, places: Places.after(branch.tokens, 0) };
      });
    });
    const numbered = open.map((one, number) => ({ ...one, number }));
    return name.reduce((standing, byte) => standing.next(byte), new Standing(numbered, 0, 0));
  }

  next(byte: number): Standing {
    const open = this.open.map((one) => ({
      ...one,
      places: one.places.next(one.branch.tokens, byte),
    }));
    return new Standing(open, this.#allow, this.#deny);
  }

  get permissions(): PermissionSet {
    const matching = this.open.filter(({ branch, places }) => places.has(branch.tokens.length));
    const denied = matching.reduce((set, { deny }) => set | deny, this.#deny);
    return matching.reduce((set, { allow }) => set | allow, this.#allow) & ~denied;
  }

  /** Equal for names after which every continuation gets the same permissions. */
  get key(): string {
    const places = this.open.map(({ number, places: { places, inside } }) =>
      [number, [...places].sort(ascending), [...inside].sort(ascending)].join(":"),
    );
    return `${this.#allow},${this.#deny};${places.join(";")}`;
  }
}

const ascending = (one: number, other: number) => one - other;

/** A `**` at the end of a pattern also applies to every longer name. */
function coversAllThatFollows({ branch: { tokens }, places }: Open): boolean {
  const last = tokens.length - 1;
  return tokens[last]?.kind === "globstar" && places.has(last);
}

/** No token distinguishes bytes of one kind; `/` is in none. */
function oneByteOfEachKind(open: readonly Open[]): readonly number[] {
  const tokens = open.flatMap(({ branch }) => branch.tokens);
  const named = new Set(tokens.flatMap((token) => (token.kind === "byte" ? [token.byte] : [])));
  const sets = [...new Set(tokens.flatMap(membersOf))];
  const kinds = new Map<string, number>();
  for (let byte = 0; byte < 256; byte++) {
    const kind = named.has(byte) ? `${byte}` : `in ${sets.map((set) => set[byte]).join("")}`;
    if (byte !== SLASH) kinds.set(kind, byte);
  }
  return [...kinds.values()];
}

function membersOf(token: Token): readonly Uint8Array[] {
  return token.kind === "set" ? [token.members] : [];
}
