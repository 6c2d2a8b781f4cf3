import { AUTOMATON_CELLS_MAX, AUTOMATON_STATES_MAX } from "../limits.ts";
import { allPermissions } from "../permission.ts";
import { Automaton } from "./automaton.ts";

/**
 * The form is described in `docs/automaton.md`. A change of meaning, permission bits included, is a
 * new version.
 */
const AUTOMATON_MAGIC = 0x41444643;
const AUTOMATON_VERSION = 1;
const HEADER_BYTES = 32;
const CLASSES_BYTES = 256;

/** The bytes are no automaton of this version. */
export class AutomatonFormatError extends Error {
  constructor(message: string) {
    super(`automaton: ${message}`);
    this.name = "AutomatonFormatError";
  }
}

/** Little-endian; equal meaning gives equal bytes. */
export function encodeAutomaton({ table }: Automaton): Uint8Array {
  const { classCount, classOf, next, permissions, start, stateCount } = table;
  const { nextAt, permissionsAt, length } = layout(stateCount, classCount);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, AUTOMATON_MAGIC, true);
  view.setUint16(4, AUTOMATON_VERSION, true);
  view.setUint16(6, classCount, true);
  view.setUint32(8, stateCount, true);
  view.setUint32(12, start, true);
  view.setUint32(16, nextAt, true);
  view.setUint32(20, permissionsAt, true);
  view.setUint32(24, length, true);
  bytes.set(classOf, HEADER_BYTES);
  for (let cell = 0; cell < next.length; cell++)
    view.setUint32(nextAt + cell * 4, next[cell] as number, true);
  for (let state = 0; state < stateCount; state++) {
    view.setUint16(permissionsAt + state * 2, permissions[state] as number, true);
  }
  return bytes;
}

/** Total: an automaton whose every step stays within its table, or AutomatonFormatError. */
export function decodeAutomaton(bytes: Uint8Array): Automaton {
  if (bytes.length < HEADER_BYTES + CLASSES_BYTES)
    throw new AutomatonFormatError("shorter than its header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== AUTOMATON_MAGIC)
    throw new AutomatonFormatError("wrong magic number");
  const version = view.getUint16(4, true);
  if (version !== AUTOMATON_VERSION)
    throw new AutomatonFormatError(`version ${version}, not ${AUTOMATON_VERSION}`);
  const classCount = view.getUint16(6, true);
  const stateCount = view.getUint32(8, true);
  const start = view.getUint32(12, true);
  checkCounts(classCount, stateCount, start);
  const { nextAt, permissionsAt, length } = layout(stateCount, classCount);
  const agrees = view.getUint32(16, true) === nextAt && view.getUint32(20, true) === permissionsAt;
  if (
    !agrees ||
    view.getUint32(24, true) !== length ||
    bytes.length !== length ||
    view.getUint32(28, true) !== 0
  ) {
    throw new AutomatonFormatError("sizes do not agree");
  }
  const classOf = bytes.slice(HEADER_BYTES, HEADER_BYTES + CLASSES_BYTES);
  if (classOf.some((index) => index >= classCount))
    throw new AutomatonFormatError("byte class out of range");
  const next = readStates(view, nextAt, stateCount, classCount);
  const permissions = readPermissions(view, permissionsAt, stateCount);
  if (stateCount % 2 === 1 && view.getUint16(length - 2, true) !== 0)
    throw new AutomatonFormatError("padding is not zero");
  return new Automaton({ classOf, classCount, start, stateCount, next, permissions });
}

function layout(
  stateCount: number,
  classCount: number,
): { nextAt: number; permissionsAt: number; length: number } {
  const nextAt = HEADER_BYTES + CLASSES_BYTES;
  const permissionsAt = nextAt + stateCount * classCount * 4;
  return { nextAt, permissionsAt, length: permissionsAt + Math.ceil(stateCount / 2) * 4 };
}

function checkCounts(classCount: number, stateCount: number, start: number): void {
  if (classCount < 1 || classCount > 256)
    throw new AutomatonFormatError("number of byte classes out of range");
  if (
    stateCount < 1 ||
    stateCount > AUTOMATON_STATES_MAX ||
    stateCount * classCount > AUTOMATON_CELLS_MAX
  ) {
    throw new AutomatonFormatError("number of states out of range");
  }
  if (start >= stateCount) throw new AutomatonFormatError("start state out of range");
}

function readStates(
  view: DataView,
  at: number,
  stateCount: number,
  classCount: number,
): Uint32Array {
  const next = new Uint32Array(stateCount * classCount);
  for (let cell = 0; cell < next.length; cell++) {
    const state = view.getUint32(at + cell * 4, true);
    if (state >= stateCount) throw new AutomatonFormatError("next state out of range");
    if (cell < classCount && state !== 0) throw new AutomatonFormatError("state 0 must be dead");
    next[cell] = state;
  }
  return next;
}

function readPermissions(view: DataView, at: number, stateCount: number): Uint16Array {
  const permissions = new Uint16Array(stateCount);
  for (let state = 0; state < stateCount; state++) {
    const set = view.getUint16(at + state * 2, true);
    if ((set & ~allPermissions) !== 0) throw new AutomatonFormatError("unknown permission bit");
    if (state === 0 && set !== 0) throw new AutomatonFormatError("state 0 must be dead");
    permissions[state] = set;
  }
  return permissions;
}
