import { number } from "../../kernel/syscalls.ts";
import type { Verdict } from "../../kernel/system-calls/verdict.ts";
import type { Line } from "./assembler.ts";
import { Op } from "./bpf.ts";
import { verdictKey } from "./verdict-key.ts";

/** All numbers from `first` up to the next range's `first` have this verdict. */
export interface Range {
  readonly first: number;
  readonly verdict: Verdict;
}

/**
 * Neighbouring numbers with equal verdicts become one range; numbers without a name get `unknown`.
 * The first range starts at 0.
 */
export function ranges(verdicts: ReadonlyMap<string, Verdict>, unknown: Verdict): Range[] {
  const byNumber = new Map<number, Verdict>();
  for (const [name, verdict] of verdicts) {
    const nr = number(name);
    if (nr === null) throw new RangeError(`${name} is not a system call of this architecture`);
    byNumber.set(nr, verdict);
  }
  const last = Math.max(-1, ...byNumber.keys());
  const result: Range[] = [];
  for (let nr = 0; nr <= last + 1; nr++) {
    const verdict = byNumber.get(nr) ?? unknown;
    const previous = result.at(-1);
    if (previous === undefined || verdictKey(previous.verdict) !== verdictKey(verdict))
      result.push({ first: nr, verdict });
  }
  return result;
}

/**
 * A balanced binary search over the ranges; A holds the number. Ends in `block(verdict)` labels.
 */
export function search(all: readonly Range[], block: (verdict: Verdict) => string): Line[] {
  const lines: Line[] = [];
  const visit = (from: number, to: number): void => {
    const only = all[from];
    if (only === undefined) throw new RangeError("no range to search");
    if (to - from === 1) {
      lines.push({ kind: "jump", to: block(only.verdict) });
      return;
    }
    const middle = (from + to) >>> 1;
    const upper = all[middle];
    if (upper === undefined) throw new RangeError("no range to search");
    const [yes, no] = [`from ${upper.first}`, `below ${upper.first}`];
    lines.push(
      { kind: "branch", code: Op.atLeast, k: upper.first, yes, no },
      { kind: "label", name: no },
    );
    visit(from, middle);
    lines.push({ kind: "label", name: yes });
    visit(middle, to);
  };
  visit(0, all.length);
  return lines;
}
