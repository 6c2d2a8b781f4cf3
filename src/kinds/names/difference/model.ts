import type { Automaton } from "../../../model/automaton/automaton.ts";
import { buildAutomaton } from "../../../model/automaton/build.ts";
import { canonicalNames, isWholeName, Joint } from "../../../model/automaton/joint.ts";
import type { Change } from "../../../model/change.ts";
import {
  allPermissions,
  formatLetters,
  Permission,
  type PermissionName,
  type PermissionSet,
} from "../../../model/permission.ts";
import type { NameRule } from "../../../model/rule.ts";
import { mayReach, prefixOf } from "../../../model/within.ts";

/** A request about one name. */
interface Asked {
  readonly class: "name";
  readonly operation: PermissionName;
  readonly path: string;
}

/** Exact: computed from the automata, so the way in which rules are written makes no difference. */
export function nameChanges(a: readonly NameRule[], b: readonly NameRule[]): Change<Asked>[] {
  if (sameAutomata(a, b)) return [];
  const both = new BothPolicies(a, b);
  return [
    ...new Changes("allowed", both, freshRules(a, b)).list(),
    ...new Changes("denied", both, freshRules(b, a)).list(),
  ];
}

/**
 * If every name alone is decided alike: a name for each pair of permission sets that some name has
 * before and after, as the rules say them. Otherwise none. The root is left out, because it cannot
 * be renamed.
 */
export function nameOfEachPair(a: readonly NameRule[], b: readonly NameRule[]): readonly string[] {
  if (sameAutomata(a, b)) return [];
  const both = new BothPolicies(a, b);
  if (both.differs()) return [];
  const names = new Map<string, string>();
  for (let state = 0; state < both.joint.stateCount; state++) {
    const key = `${both.permissionsIn("a", state)} ${both.permissionsIn("b", state)}`;
    if (!both.isName(state) || names.has(key)) continue;
    const name = both.joint.name(state);
    if (name !== "/") names.set(key, name);
  }
  return [...names.values()];
}

/** The smallest automaton of each meaning is one, down to its bytes. */
function sameAutomata(a: readonly NameRule[], b: readonly NameRule[]): boolean {
  const [one, other] = [buildAutomaton(a).table, buildAutomaton(b).table];
  const arrays = ["classOf", "next", "permissions"] as const;
  return (
    one.start === other.start &&
    arrays.every(
      (array) =>
        one[array].length === other[array].length &&
        one[array].every((value, at) => value === other[array][at]),
    )
  );
}

/** All canonical names, each with what it is granted before and after. */
class BothPolicies {
  readonly joint: Joint;
  readonly #a: Automaton;
  readonly #b: Automaton;

  constructor(a: readonly NameRule[], b: readonly NameRule[]) {
    this.#a = buildAutomaton(a);
    this.#b = buildAutomaton(b);
    this.joint = new Joint([canonicalNames, this.#a.table, this.#b.table], () => true);
  }

  isName(state: number): boolean {
    return isWholeName(this.joint.states(state)[0] as number);
  }

  /** As the rules say them. */
  permissionsIn(policy: "a" | "b", state: number): PermissionSet {
    const [, inA, inB] = this.joint.states(state) as [number, number, number];
    return policy === "a" ? this.#a.permissions(inA) : this.#b.permissions(inB);
  }

  differs(): boolean {
    for (let state = 0; state < this.joint.stateCount; state++) {
      const changed = this.changed("allowed", state) | this.changed("denied", state);
      if (changed !== 0 && this.isName(state)) return true;
    }
    return false;
  }

  /** Permissions that only one policy gives: `allowed` are those of the second one. */
  changed(effect: Change["effect"], state: number): PermissionSet {
    const before = effective(this.permissionsIn("a", state));
    const after = effective(this.permissionsIn("b", state));
    return effect === "allowed" ? after & ~before : before & ~after;
  }
}

/** Executing is reading, too: `x` without `r` grants nothing. */
function effective(permissions: PermissionSet): PermissionSet {
  return (permissions & Permission.read) === 0 ? permissions & ~Permission.execute : permissions;
}

/** A pattern in whose terms a difference may be told. */
interface Candidate {
  readonly pattern: string;
  readonly permissions: PermissionSet;
}

/**
 * Patterns that between them match every name that `b` newly allows: those of grants that only `b`
 * has, and of denials that only `a` has. Rules that both have, word for word, explain no
 * difference. With reading may come executing.
 */
function freshRules(a: readonly NameRule[], b: readonly NameRule[]): readonly Candidate[] {
  const fresh = [...onlyIn(b, a, "allow"), ...onlyIn(a, b, "deny")];
  const permissions = new Map<string, PermissionSet>();
  for (const rule of fresh) {
    const execute = (rule.permissions & Permission.read) === 0 ? 0 : Permission.execute;
    const known = permissions.get(rule.pattern) ?? 0;
    permissions.set(rule.pattern, known | rule.permissions | execute);
  }
  const candidates = [...permissions].map(([pattern, set]) => ({ pattern, permissions: set }));
  // The widest come first, because they make others redundant.
  return candidates.sort((one, other) => prefixOf(one).length - prefixOf(other).length);
}

function onlyIn(
  these: readonly NameRule[],
  those: readonly NameRule[],
  effect: NameRule["effect"],
): readonly NameRule[] {
  const key = ({ permissions, pattern }: NameRule) => `${permissions} ${pattern}`;
  const known = new Set(those.filter((rule) => rule.effect === effect).map(key));
  return these.filter((rule) => rule.effect === effect && !known.has(key(rule)));
}

/** What a pattern has of the names that are newly allowed, or newly denied. */
interface Found {
  /** Newly so for every name that the pattern matches. */
  readonly whole: PermissionSet;
  /** By permission a name that no other line tells of. */
  readonly examples: ReadonlyMap<PermissionSet, string>;
}

/** Describes the difference by patterns; each name is in one of them. */
class Changes {
  readonly #effect: Change["effect"];
  readonly #both: BothPolicies;
  readonly #candidates: readonly Candidate[];
  readonly #told: Candidate[] = [];

  constructor(effect: Change["effect"], both: BothPolicies, candidates: readonly Candidate[]) {
    this.#effect = effect;
    this.#both = both;
    this.#candidates = candidates;
  }

  list(): Change<Asked>[] {
    const whole = this.#candidates.flatMap((candidate) => {
      const { whole, examples } = this.#find(candidate);
      return this.#tell(candidate, whole, examples, false);
    });
    const parts = this.#candidates.flatMap((candidate) =>
      this.#tell(candidate, allPermissions, this.#find(candidate).examples, true),
    );
    return [...whole, ...parts];
  }

  #tell(
    { pattern }: Candidate,
    wanted: PermissionSet,
    examples: Found["examples"],
    isPart: boolean,
  ): Change<Asked>[] {
    const bits = [...examples.keys()].filter((bit) => (bit & wanted) !== 0);
    const permissions = bits.reduce((set, bit) => set | bit, 0);
    if (permissions === 0) return [];
    this.#told.push({ pattern, permissions });
    return linesOf(permissions, pattern).map(({ bit, section, line }) => {
      const path = examples.get(bit) as string;
      const example = { class: "name", operation: operationOf(bit), path } as const;
      return { effect: this.#effect, section, line, isPart, example };
    });
  }

  #find({ pattern, permissions }: Candidate): Found {
    const matching = automatonOf([{ pattern, permissions: allPermissions }]);
    const told = automatonOf(
      this.#told.filter((one) => mayReach(prefixOf(one), prefixOf({ pattern }))),
    );
    const { joint } = this.#both;
    const walked = new Joint(
      [joint, matching.table, told.table],
      ([, state]) => !matching.dead(state as number),
    );
    let whole = permissions;
    const examples = new Map<PermissionSet, string>();
    for (let state = 0; state < walked.stateCount; state++) {
      const [at, matched, toldAt] = walked.states(state) as [number, number, number];
      const asked = this.#both.isName(at) ? matching.permissions(matched) & permissions : 0;
      const changed = asked & this.#both.changed(this.#effect, at);
      whole &= ~(asked & ~changed);
      for (const bit of bitsOf(changed & ~told.permissions(toldAt)))
        if (!examples.has(bit)) examples.set(bit, walked.name(state));
    }
    return { whole, examples };
  }
}

function automatonOf(candidates: readonly Candidate[]): Automaton {
  const source = { file: "", line: 0, column: 0, text: "" };
  return buildAutomaton(candidates.map((one) => ({ ...one, effect: "allow", source })));
}

function bitsOf(set: PermissionSet): readonly PermissionSet[] {
  return Object.values(Permission).filter((bit) => (set & bit) !== 0);
}

function operationOf(bit: PermissionSet): PermissionName {
  const names = Object.keys(Permission) as PermissionName[];
  return names.find((name) => Permission[name] === bit) as PermissionName;
}

interface Line {
  readonly section: "files" | "network";
  readonly line: string;
  /** One of the permissions that the line is about. */
  readonly bit: PermissionSet;
}

function linesOf(permissions: PermissionSet, pattern: string): readonly Line[] {
  const letters = formatLetters(permissions);
  const files: Line[] =
    letters === ""
      ? []
      : [
          {
            section: "files",
            line: `${letters} ${pattern}`,
            bit: bitsOf(permissions)[0] as PermissionSet,
          },
        ];
  const sockets = (["connect", "listen"] as const)
    .filter((operation) => (permissions & Permission[operation]) !== 0)
    .map((operation): Line => {
      const line = `${operation} unix ${pattern}`;
      return { section: "network", line, bit: Permission[operation] };
    });
  return [...files, ...sockets];
}
