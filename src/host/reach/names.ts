import type { Automaton } from "../../model/automaton/automaton.ts";
import { walkName } from "../../model/automaton/automaton.ts";
import { buildAutomaton } from "../../model/automaton/build.ts";
import { canonicalNames, isWholeName, Joint } from "../../model/automaton/joint.ts";
import { decide } from "../../model/decide.ts";
import { Permission, type PermissionName, type PermissionSet } from "../../model/permission.ts";
import type { Policy } from "../../model/policy.ts";
import type { NameRule, Source } from "../../model/rule.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { prefixOf } from "../../model/within.ts";
import { type Control, OUTSIDE, type Way } from "./hop.ts";

/** Names of the host that are looked at for one witness; after that a made-up name has to do. */
const WITNESS_NAMES_MAX = 500;

/** Rules of one domain, and the automaton of those permissions that matter on its side of a hop. */
export interface NamesSide {
  readonly policy: Policy;
  readonly automaton: Automaton;
}

interface NameWay {
  readonly control: Control;
  /** One of these on the one side, this on the other. */
  readonly mine: readonly PermissionName[];
  readonly theirs: PermissionName;
  readonly onlyOf?: string;
  readonly how: (name: string, other: string) => string;
}

/** Of each group the first way that is open for a name counts. */
const groups: readonly (readonly NameWay[])[] = [
  [
    {
      ...{ control: "code", mine: ["write", "create"], theirs: "execute" },
      how: (name, other) => `may write ${name}, which ${other} may execute`,
    },
    {
      ...{ control: "code", mine: ["write", "create"], theirs: "map" },
      how: (name, other) => `may write ${name}, which ${other} may load as code`,
    },
    {
      ...{ control: "data", mine: ["write", "create"], theirs: "read" },
      how: (name, other) => `may write ${name}, which ${other} may read`,
    },
    {
      ...{ control: "stop", mine: ["delete"], theirs: "read" },
      how: (name, other) => `may remove ${name}, which ${other} may read`,
    },
  ],
  [
    {
      // The server runs programs for its clients: see `outside.ts`.
      ...{ control: "code", mine: ["connect"], theirs: "execute", onlyOf: OUTSIDE },
      how: (name) => `may connect to ${name}`,
    },
    {
      ...{ control: "talk", mine: ["connect"], theirs: "listen" },
      how: (name, other) =>
        other === OUTSIDE
          ? `may connect to ${name}`
          : `may connect to ${name}, which ${other} may bind`,
    },
  ],
  [
    {
      ...{ control: "talk", mine: ["listen"], theirs: "connect" },
      how: (name, other) => `may bind ${name}, to which ${other} may connect`,
    },
  ],
];

const every = groups.flat();
const mineMatters = setOf(every.flatMap(({ mine }) => mine));
const theirsMatters = setOf([...every.map(({ theirs }) => theirs), "read"]);

/**
 * What a process writes there stays its own or is lost: its own entries of procfs, settings that
 * are no other domain's, devices that keep nothing.
 */
const ofNoOther: readonly string[] = [
  "/proc/**",
  "/sys/**",
  "/dev/{null,zero,full,random,urandom,tty,ptmx}",
];

/** Of the domain that was broken into. */
export function mySide(policy: Policy): NamesSide {
  return { policy, automaton: buildAutomaton(about(policy.names, mineMatters)) };
}

/** Of a domain that may be reached. */
export function theirSide(policy: Policy): NamesSide {
  const source = { file: "", line: 0, column: 0, text: "" };
  const left = ofNoOther.map(
    (pattern): NameRule => ({ effect: "deny", permissions: theirsMatters, pattern, source }),
  );
  return sideOutside({ ...policy, names: [...policy.names, ...left] });
}

/** Of the programs outside every domain. */
export function sideOutside(policy: Policy): NamesSide {
  return { policy, automaton: buildAutomaton(about(policy.names, theirsMatters)) };
}

function about(rules: readonly NameRule[], matter: PermissionSet): readonly NameRule[] {
  return rules
    .map((rule) => ({ ...rule, permissions: rule.permissions & matter }))
    .filter(({ permissions }) => permissions !== 0);
}

/**
 * One way for each pair of grants that share a name, with such a name: one of this host if there is
 * one. `other` is the name of the domain that is reached. @throws AutomatonTooLarge
 */
export function nameWays(
  mine: NamesSide,
  theirs: NamesSide,
  other: string,
  snapshot: Snapshot,
): readonly Way[] {
  const both = new Joint(
    [canonicalNames, mine.automaton.table, theirs.automaton.table],
    ([, my, their]) =>
      !mine.automaton.dead(my as number) && !theirs.automaton.dead(their as number),
  );
  const found = new Map<string, Way>();
  for (let state = 0; state < both.stateCount; state++) {
    const [shape, my, their] = both.states(state) as [number, number, number];
    if (!isWholeName(shape)) continue;
    const sets = [mine.automaton.permissions(my), theirs.automaton.permissions(their)] as const;
    for (const way of openWays(...sets, other)) {
      const name = both.name(state);
      const by = grantsOf(way, mine, theirs, name);
      if (by === null || isIdle(way, name, snapshot)) continue;
      const key = `${way.control} ${way.theirs} ${placeOf(by.mine)} ${placeOf(by.theirs)}`;
      if (found.has(key)) continue;
      const real = nameOnHost(way, by, mine, theirs, other, snapshot);
      const witness = real ?? name;
      found.set(key, {
        ...{ control: way.control, how: way.how(witness, other), witness, exists: real !== null },
        ...by,
      });
    }
  }
  return [...found.values()];
}

function openWays(mine: PermissionSet, theirs: PermissionSet, other: string): readonly NameWay[] {
  return groups.flatMap(
    (group) =>
      group.find(
        (way) =>
          (mine & setOf(way.mine)) !== 0 &&
          (theirs & Permission[way.theirs]) !== 0 &&
          (way.onlyOf ?? other) === other,
      ) ?? [],
  );
}

/** A directory is not written as such; the names in it have ways of their own. */
function isIdle({ mine }: NameWay, name: string, snapshot: Snapshot): boolean {
  return mine.includes("write") && snapshot.lookup(name)?.kind === "directory";
}

interface Grants {
  readonly mine: Source;
  readonly theirs: Source;
}

/** As `decide()` has it, also that executing is reading; null if it refuses one of the two. */
function grantsOf(way: NameWay, mine: NamesSide, theirs: NamesSide, path: string): Grants | null {
  const grantOf = ({ policy }: NamesSide, operations: readonly PermissionName[]) => {
    const decisions = operations.map((operation) =>
      decide(policy, { class: "name", operation, path }),
    );
    return decisions.find(({ outcome }) => outcome === "granted")?.by ?? null;
  };
  const grants = { mine: grantOf(mine, way.mine), theirs: grantOf(theirs, [way.theirs]) };
  return grants.mine === null || grants.theirs === null ? null : (grants as Grants);
}

function placeOf({ file, line, column, text }: Source): string {
  return `${file}:${line}:${column} ${text}`;
}

/** A name of this host for which the same two grants open the way; null if none was found. */
function nameOnHost(
  way: NameWay,
  by: Grants,
  mine: NamesSide,
  theirs: NamesSide,
  other: string,
  snapshot: Snapshot,
): string | null {
  const [mineFrom, theirsFrom] = [folderOf(mine, by.mine), folderOf(theirs, by.theirs)];
  const work = [mineFrom.length > theirsFrom.length ? mineFrom : theirsFrom];
  if (!work[0]?.startsWith("/")) return null;
  for (let looked = 0; looked < WITNESS_NAMES_MAX && work.length > 0; looked++) {
    const path = work.shift() as string;
    const [my, their] = [mine, theirs].map(({ automaton }) => walkName(automaton, path));
    const node = snapshot.lookup(path);
    if (my === undefined || their === undefined || node === null) continue;
    const isOpen = openWays(
      mine.automaton.permissions(my),
      theirs.automaton.permissions(their),
      other,
    ).includes(way);
    const same = isOpen ? grantsOf(way, mine, theirs, path) : null;
    if (same?.mine === by.mine && same.theirs === by.theirs && node.kind !== "directory")
      return path;
    if (node.kind !== "directory") continue;
    const below = path === "/" ? path : `${path}/`;
    const goesOn = [mine, theirs].every(
      ({ automaton }) => !automaton.dead(walkName(automaton, below)),
    );
    if (goesOn) work.push(...(snapshot.list(path) ?? []).map((name) => `${below}${name}`));
  }
  return null;
}

/** The plain folder, or the name, at the beginning of the grant's pattern. */
function folderOf({ policy }: NamesSide, source: Source): string {
  const rule = policy.names.find((one) => one.source === source);
  return rule === undefined ? "/" : prefixOf(rule);
}

function setOf(names: readonly PermissionName[]): PermissionSet {
  return names.reduce((set, name) => set | Permission[name], 0);
}
