import { type Automaton, walkName } from "../../model/automaton/automaton.ts";
import { buildAutomaton } from "../../model/automaton/build.ts";
import { bytesOfName } from "../../model/name-bytes.ts";
import { Permission } from "../../model/permission.ts";
import { type Context, nameContext } from "../../model/unix-names/context.ts";
import { aliasState, type NameAlias } from "./aliases.ts";
import { CgroupTableError } from "./errors.ts";

/** Limit on the transition table, entries of 4 bytes in the kernel. */
const UNIX_TRANSITIONS_MAX = 1 << 22;
/** Automaton states explored before pruning. */
const UNIX_STATES_MAX = 1 << 18;
const BYTES = 256;
const SLASH = 0x2f;

/** The state from which no name is granted; the program stops there. */
const STATE_DEAD = 0;

/** Names of unix sockets that may be connected or sent to, for bpf/unix_name.h. */
export interface UnixTable {
  readonly classes: Uint8Array;
  readonly classCount: number;
  readonly start: number;
  /** From here up to `firstAccepting`, states mean names of Cofferdam's own. */
  readonly firstOwn: number;
  /** From here on, states accept. */
  readonly firstAccepting: number;
  /** `next[state * classCount + class]`. */
  readonly next: Uint32Array;
}

export interface UnixOptions {
  /** false leaves only abstract names, for a domain that may change its root. Default true. */
  readonly pathnames: boolean;
  /** Names that lead elsewhere through symbolic links. Default none. */
  readonly aliases: readonly NameAlias[];
  /** Accepts names of Cofferdam's own, which no level grants. Default none. */
  readonly own: Automaton;
}

/** In the order in which states are numbered. */
const meanings = { outside: 0, own: 1, granted: 2 } as const;

interface Explored {
  readonly meaning: (typeof meanings)[keyof typeof meanings];
  /** For each byte; -1 if nothing more can be granted. */
  readonly next: Int32Array;
}

/**
 * Reduces the automaton of all names to those that can be granted soundly: canonical names without
 * a component that the domain could create, remove or rename. The kernel looks the name up only
 * after the program has judged it.
 */
export function unixTable(automaton: Automaton, options: Partial<UnixOptions> = {}): UnixTable {
  const none = { pathnames: true, aliases: [], own: buildAutomaton([]) };
  const states = explore(automaton, { ...none, ...options });
  const alive = canMean(states);
  const order = states.map((_, i) => i).filter((i) => alive[i]);
  order.sort((a, b) => states[a]!.meaning - states[b]!.meaning);
  const numbers = new Int32Array(states.length).fill(STATE_DEAD);
  for (const [number, state] of order.entries()) numbers[state] = number + 1;

  const rows = order.map((state) =>
    states[state]!.next.map((to) => (to === -1 ? STATE_DEAD : numbers[to]!)),
  );
  const { classes, representatives } = byteClasses(rows);
  if ((rows.length + 1) * representatives.length > UNIX_TRANSITIONS_MAX) throw tooLarge();
  const next = new Uint32Array((rows.length + 1) * representatives.length);
  for (const [i, row] of rows.entries()) {
    next.set(
      representatives.map((byte) => row[byte]!),
      (i + 1) * representatives.length,
    );
  }
  const first = (meaning: number): number => {
    const place = order.findIndex((state) => states[state]!.meaning >= meaning);
    return place === -1 ? rows.length + 1 : place + 1;
  };
  return {
    classes,
    classCount: representatives.length,
    start: numbers[0]!,
    firstOwn: first(meanings.own),
    firstAccepting: first(meanings.granted),
    next,
  };
}

interface Place {
  readonly state: number;
  readonly own: number;
  readonly context: Context;
  /** The bytes so far (latin1) while they may begin an alias, else null. */
  readonly begun: string | null;
}

function explore(automaton: Automaton, { pathnames, aliases, own }: UnixOptions): Explored[] {
  const found: Explored[] = [];
  const indices = new Map<string, number>();
  const pending: Place[] = [];
  const indexOf = (place: Place): number => {
    const key = `${place.state},${place.own},${place.context},${place.begun}`;
    const known = indices.get(key);
    if (known !== undefined) return known;
    if (pending.length === UNIX_STATES_MAX) throw tooLarge();
    indices.set(key, pending.length);
    return pending.push(place) - 1;
  };
  const connectable = connectableStates(automaton);
  const links = aliasStates(automaton, own, aliases);
  indexOf({ state: automaton.start, own: own.start, context: "start", begun: "" });
  for (let i = 0; i < pending.length; i++) {
    const { context, begun, ...reached } = pending[i]!;
    // At the end of an alias the name is judged by where the alias leads, or grants nothing if the
    // domain could redirect it.
    const alias = begun === null ? undefined : links.get(begun);
    const here = alias === undefined ? reached : (alias ?? nowhere);
    const permissions = automaton.permissions(here.state);
    const writable = (permissions & (Permission.create | Permission.delete)) !== 0;
    const next = new Int32Array(BYTES).fill(-1);
    for (let byte = 0; byte < BYTES; byte++) {
      const after = nameContext(context, byte, writable);
      if (after === null || (after === "slash" && !pathnames)) continue;
      const from = byte === SLASH ? here : reached;
      const to = { state: automaton.step(from.state, byte), own: own.step(from.own, byte) };
      const longer = continued(begun, byte, links);
      if (connectable[to.state] === 0 && own.dead(to.own) && longer === null) continue;
      next[byte] = indexOf({ ...to, context: after, begun: longer });
    }
    const isComplete = context === "component" || context === "abstract";
    const isGranted = isComplete && !writable && (permissions & Permission.connect) !== 0;
    const isOwn = isComplete && own.permissions(here.own) !== 0;
    found.push({
      meaning: isOwn ? meanings.own : isGranted ? meanings.granted : meanings.outside,
      next,
    });
  }
  return found;
}

type Reached = Pick<Place, "state" | "own">;

/** An alias that the domain could redirect. */
const nowhere: Reached = { state: STATE_DEAD, own: STATE_DEAD };

type AliasStates = ReadonlyMap<string, Reached | null>;

function aliasStates(
  automaton: Automaton,
  own: Automaton,
  aliases: readonly NameAlias[],
): AliasStates {
  return new Map(
    aliases.map((alias) => {
      const state = aliasState(automaton, alias);
      return [
        Buffer.from(bytesOfName(alias.written)).toString("latin1"),
        state === null ? null : { state, own: walkName(own, alias.canonical) },
      ];
    }),
  );
}

function continued(begun: string | null, byte: number, links: AliasStates): string | null {
  if (begun === null) return null;
  const longer = begun + String.fromCharCode(byte);
  return [...links.keys()].some((written) => written.startsWith(longer)) ? longer : null;
}

/** 1 for each state from which some name, possibly the empty rest, may be connected to. */
function connectableStates({ table }: Automaton): Uint8Array {
  const { stateCount, classCount, next, permissions } = table;
  const connectable = Uint8Array.from(permissions, (set) =>
    Number((set & Permission.connect) !== 0),
  );
  // States are numbered by first appearance, so one sweep from the end does nearly all.
  for (let changed = true; changed; ) {
    changed = false;
    for (let state = stateCount - 1; state > 0; state--) {
      if (connectable[state] === 1) continue;
      const row = next.subarray(state * classCount, (state + 1) * classCount);
      if (!row.some((to) => connectable[to] === 1)) continue;
      connectable[state] = 1;
      changed = true;
    }
  }
  return connectable;
}

/** Searches backwards from the states with a meaning. */
function canMean(states: readonly Explored[]): boolean[] {
  const before: number[][] = states.map(() => []);
  for (const [from, { next }] of states.entries()) {
    for (const to of new Set(next)) if (to !== -1) before[to]!.push(from);
  }
  const alive = states.map(({ meaning }) => meaning !== meanings.outside);
  const pending = [...alive.keys()].filter((i) => alive[i]);
  for (let state = pending.pop(); state !== undefined; state = pending.pop()) {
    for (const from of before[state]!) {
      if (alive[from]) continue;
      alive[from] = true;
      pending.push(from);
    }
  }
  return alive;
}

/** Bytes that every state treats alike share a class. */
function byteClasses(rows: readonly Int32Array[]): {
  classes: Uint8Array;
  representatives: number[];
} {
  const classes = new Uint8Array(BYTES);
  const representatives: number[] = [];
  const known = new Map<string, number>();
  for (let byte = 0; byte < BYTES; byte++) {
    const column = rows.map((row) => row[byte]).join();
    const number = known.get(column) ?? representatives.push(byte) - 1;
    known.set(column, number);
    classes[byte] = number;
  }
  return { classes, representatives };
}

function tooLarge(): CgroupTableError {
  return new CgroupTableError(
    "the names of unix sockets need too large a table; use fewer or simpler patterns with" +
      " `connect unix`",
  );
}
