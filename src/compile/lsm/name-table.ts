import { headLayout, ROW_BYTES, ROW_WORDS } from "../../kernel/bpf/lsm/layout.ts";
import type { Automaton } from "../../model/automaton/automaton.ts";
import { buildAutomaton } from "../../model/automaton/build.ts";
import { Joint } from "../../model/automaton/joint.ts";
import { isOwnObject } from "../../model/own-objects.ts";
import type { NameRule } from "../../model/rule.ts";

/** Bits by which the second permission set of a word is shifted. */
const UPPER = 0x1_0000;

/**
 * A policy's names for bpf/lsm/walk.h: whole rows, as `bpf/lsm/tables.h` describes them. `rules`
 * are canonical. `words`: bits of `grantedWord`. The same rules give the same bytes.
 * @throws AutomatonTooLarge
 */
export function nameTable(rules: readonly NameRule[], words: number): Uint8Array {
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
  const { classCount, stateCount } = joint;
  // State 0 is dead in the kernel, so that all others are one higher.
  const next = new Uint32Array((stateCount + 1) * classCount);
  for (const [cell, to] of joint.next.entries()) next[cell + classCount] = to < 0 ? 0 : to + 1;
  const states = new Uint32Array(2 * (stateCount + 1));
  for (let state = 0; state < stateCount; state++)
    states.set(wordsOfState(automaton, own, joint.states(state)), 2 * (state + 1));
  return rowsOf(
    { words, start: joint.start + 1, classOf: joint.classOf, classCount },
    next,
    states,
  );
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

interface Head {
  readonly words: number;
  readonly start: number;
  readonly classOf: Uint8Array;
  readonly classCount: number;
}

function rowsOf(head: Head, next: Uint32Array, states: Uint32Array): Uint8Array {
  const nextRow = 2;
  const statesRow = nextRow + Math.ceil(next.length / ROW_WORDS);
  const rows = statesRow + Math.ceil(states.length / ROW_WORDS);
  const bytes = Buffer.alloc(rows * ROW_BYTES);
  bytes.writeUInt32LE(head.start, headLayout.start);
  bytes.writeUInt32LE(head.classCount, headLayout.classCount);
  bytes.writeUInt32LE(nextRow, headLayout.nextRow);
  bytes.writeUInt32LE(statesRow, headLayout.statesRow);
  bytes.writeUInt32LE(head.words, headLayout.words);
  bytes.set(head.classOf, ROW_BYTES);
  for (const [at, word] of next.entries()) bytes.writeUInt32LE(word, nextRow * ROW_BYTES + 4 * at);
  for (const [at, word] of states.entries())
    bytes.writeUInt32LE(word, statesRow * ROW_BYTES + 4 * at);
  return bytes;
}
