import { grantedWord, headLayout, ROW_BYTES, ROW_WORDS } from "../../kernel/bpf/lsm/layout.ts";
import { IPPROTO_ICMP, IPPROTO_ICMPV6 } from "../../kernel/constants.ts";
import {
  type CapabilityName,
  capabilityNames,
  maskOfCapabilities,
  takenInstead,
} from "../../kinds/capabilities/model.ts";
import type { IpcKind } from "../../kinds/ipc/model.ts";
import type { MemoryKind } from "../../kinds/memory/model.ts";
import { signals as signalKind } from "../../kinds/signals/model.ts";
import { sockets as socketKind } from "../../kinds/sockets/model.ts";
import type { Automaton } from "../../model/automaton/automaton.ts";
import { buildAutomaton } from "../../model/automaton/build.ts";
import { Joint } from "../../model/automaton/joint.ts";
import { granted } from "../../model/granted.ts";
import { isOwnObject } from "../../model/own-objects.ts";
import type { AddressRule, SocketRule } from "../../model/policy.ts";
import type { NameRule, TokenRule } from "../../model/rule.ts";
import { networkAutomaton } from "./network-automaton.ts";

/** Names begin in the first row, behind the head. */
const HEAD_WORDS = headLayout.bytes / 4;
const STATE_DEAD = 0;
/** Bits by which the second permission set of a word is shifted. */
const UPPER = 0x1_0000;

/** What a policy grants beside names. */
export interface Beside {
  readonly memory: readonly TokenRule<MemoryKind>[];
  readonly addresses: readonly AddressRule[];
  readonly sockets: readonly SocketRule[];
  readonly capabilities: readonly TokenRule[];
  readonly signals: readonly TokenRule[];
  readonly ipc: readonly TokenRule<IpcKind>[];
  readonly syscalls: readonly TokenRule[];
}

export const nothingBeside: Beside = {
  ...{ memory: [], addresses: [], sockets: [] },
  ...{ capabilities: [], signals: [], ipc: [], syscalls: [] },
};

/** Of a domain by its name; null if the host has none. */
export type NumberOf = (domain: string) => number | null;

/**
 * A policy for bpf/lsm/: whole rows, as `bpf/lsm/tables.h` describes them. `rules` are canonical.
 * The same rules give the same bytes.
 * @throws AutomatonTooLarge
 */
export function policyTable(
  rules: readonly NameRule[],
  beside: Beside,
  numberOf: NumberOf = () => null,
): Uint8Array {
  const automaton = buildAutomaton(rules);
  const own = buildAutomaton(
    rules
      .filter(({ source }) => isOwnObject(source))
      .map((rule): NameRule => ({ ...rule, effect: "allow" })),
  );
  const joint = new Joint(
    [automaton.table, own.table],
    ([granted = 0, denied = 0]) => !automaton.dead(granted) || !own.dead(denied),
  );
  const names = nameStates(joint, (states) => wordsOfState(automaton, own, states));
  const network = networkAutomaton(beside.addresses);
  const signals = signalWords(beside.signals, numberOf);
  const first = new Uint32Array(HEAD_WORDS + names.words.length);
  first.set(names.words, HEAD_WORDS);
  const sections = rowsOf([first, network.next, signals]);
  const [, networkRow = 0, signalsRow = 0] = sections.rows;
  const head = headOf({
    start: [names.start],
    lastFinal: [names.lastFinal],
    classCount: [joint.classCount],
    networkRow: [networkRow],
    signalsRow: [signalsRow],
    signalCount: [signals.length],
    networkStarts: network.starts,
    ...wordsBeside(beside),
  });
  head.set(joint.classOf, headLayout.classes);
  head.copy(sections.bytes);
  return sections.bytes;
}

/** Words of a state behind the states that follow it. */
const STATE_WORDS = 2;

/**
 * The states, as `struct table_head` describes them, from the end of the head on: first those that
 * no byte leaves; of the others each before those that it leads to, so that a name stays near.
 */
function nameStates(
  joint: Joint,
  wordsOf: (states: readonly number[]) => readonly [number, number],
): { readonly words: Uint32Array; readonly start: number; readonly lastFinal: number } {
  const { classCount, stateCount } = joint;
  const size = classCount + STATE_WORDS;
  const finals = allStates(stateCount).filter((state) =>
    followers(joint, state).every((to) => to === state),
  );
  const places = new Map<number, number>();
  for (const state of [...finals, ...depthFirst(joint)])
    if (!places.has(state)) places.set(state, HEAD_WORDS + size * places.size);
  const words = new Uint32Array(size * places.size);
  for (const [state, place] of places) {
    const follow = followers(joint, state).map((to) => places.get(to) ?? STATE_DEAD);
    words.set([...follow, ...wordsOf(joint.states(state))], place - HEAD_WORDS);
  }
  return {
    words,
    start: places.get(joint.start) as number,
    lastFinal: finals.length === 0 ? STATE_DEAD : HEAD_WORDS + size * (finals.length - 1),
  };
}

const allStates = (count: number) => Array.from({ length: count }, (_, state) => state);

/** By class; below 0: none. */
function followers({ next, classCount }: Joint, state: number): readonly number[] {
  return next.slice(state * classCount, (state + 1) * classCount);
}

/** Each state once: all that it leads to comes before what is beside it. */
function depthFirst(joint: Joint): readonly number[] {
  const found = new Set<number>();
  const waiting = [joint.start];
  for (let state = waiting.pop(); state !== undefined; state = waiting.pop()) {
    if (found.has(state)) continue;
    found.add(state);
    const fresh = followers(joint, state).filter((to) => to >= 0 && !found.has(to));
    waiting.push(...fresh.reverse());
  }
  return [...found];
}

type HeadMember = Exclude<keyof typeof headLayout, "bytes" | "classes">;
type HeadWords = Readonly<Record<HeadMember, readonly number[]>>;

const NO_DOMAIN = "superDom";

/** Domains that a rule names, ascending; `number << 1 | granted`. */
function signalWords(rules: readonly TokenRule[], numberOf: NumberOf): Uint32Array {
  const named = new Set(rules.map(({ token }) => token));
  const words = [...named].flatMap((domain) => {
    const number = domain === NO_DOMAIN ? 0 : numberOf(domain);
    if (number === null) return [];
    return [number * 2 + Number(isSignalGranted(rules, domain))];
  });
  return Uint32Array.from(words.sort((a, b) => a - b));
}

/** The domain's own processes are not asked about. */
function isSignalGranted(rules: readonly TokenRule[], domain: string): boolean {
  return signalKind.decide(rules, { class: "signal", domain }, "").outcome === "granted";
}

/** Not granted, but in the place of each the kernel takes another one that is. */
function takenInsteadOf(granted: bigint): bigint {
  const has = (name: CapabilityName | undefined) =>
    name !== undefined && ((granted >> BigInt(capabilityNames.indexOf(name))) & 1n) === 1n;
  return maskOfCapabilities((name) => !has(name) && has(takenInstead[name]));
}

const halves = (mask: bigint) => [Number(mask & 0xffff_ffffn), Number(mask >> 32n)];

function wordsBeside(
  beside: Beside,
): Pick<HeadWords, "words" | "netlink" | "raw" | "capabilities" | "instead"> {
  const { memory, sockets, signals } = beside;
  const names = granted(beside.capabilities);
  const capabilities = maskOfCapabilities((name) => names.has(name));
  const isGranted = (family: SocketRule["family"], protocol: number) =>
    socketKind.decide(sockets, { class: "socket", family, protocol }).outcome === "granted";
  const bits = (count: number, isSo: (bit: number) => boolean) =>
    Array.from({ length: count / 32 }, (_, at) =>
      Array.from({ length: 32 }).reduce<number>(
        (word, _bit, bit) => (isSo(32 * at + bit) ? word | (1 << bit) : word),
        0,
      ),
    );
  const ipc = granted(beside.ipc);
  const calls = granted(beside.syscalls);
  const words: Readonly<Record<keyof typeof grantedWord, boolean>> = {
    shm: ipc.has("shm"),
    sem: ipc.has("sem"),
    msg: ipc.has("msg"),
    mqueue: ipc.has("mqueue"),
    keys: ["add_key", "request_key", "keyctl"].some((call) => calls.has(call)),
    perf: calls.has("perf_event_open"),
    io_uring: calls.has("io_uring_setup"),
    userfaultfd: calls.has("userfaultfd"),
    chroot: calls.has("chroot"),
    jit: granted(memory).has("jit"),
    ping4: isGranted("ping", IPPROTO_ICMP),
    ping6: isGranted("ping", IPPROTO_ICMPV6),
    packet: isGranted("packet", 0),
    vsock: isGranted("vsock", 0),
    // Stands for the domains that no rule names.
    signals_any: isSignalGranted(signals, "@unnamed"),
  };
  return {
    capabilities: halves(capabilities),
    instead: halves(takenInsteadOf(capabilities)),
    words: [
      Object.entries(grantedWord).reduce(
        (set, [word, bit]) => (words[word as keyof typeof words] ? set | bit : set),
        0,
      ),
    ],
    netlink: bits(32, (protocol) => isGranted("netlink", protocol)),
    raw: bits(256, (protocol) => isGranted("raw", protocol)),
  };
}

function headOf(words: HeadWords): Buffer {
  const bytes = Buffer.alloc(headLayout.bytes);
  for (const [member, list] of Object.entries(words))
    for (const [at, word] of list.entries())
      bytes.writeUInt32LE(word >>> 0, headLayout[member as HeadMember] + 4 * at);
  return bytes;
}

/** Each section begins with a row of its own. */
function rowsOf(sections: readonly Uint32Array[]): {
  readonly rows: readonly number[];
  readonly bytes: Buffer;
} {
  const rows: number[] = [];
  const parts: Buffer[] = [];
  let row = 0;
  for (const section of sections) {
    const count = Math.ceil(section.length / ROW_WORDS);
    const part = Buffer.alloc(count * ROW_BYTES);
    for (const [at, word] of section.entries()) part.writeUInt32LE(word, 4 * at);
    rows.push(row);
    parts.push(part);
    row += count;
  }
  return { rows, bytes: Buffer.concat(parts) };
}

function wordsOfState(
  automaton: Automaton,
  own: Automaton,
  [state = 0, ownState = 0]: readonly number[],
): readonly [number, number] {
  return [
    automaton.permissions(state) + own.permissions(ownState) * UPPER,
    automaton.uniform(state) + automaton.reachable(state) * UPPER,
  ];
}
