import { __X32_SYSCALL_BIT, AUDIT_ARCH_X86_64 } from "../../kernel/constants.ts";
import type { Verdict } from "../../kernel/system-calls/verdict.ts";
import { assemble, type Line } from "./assembler.ts";
import { Blocks } from "./blocks.ts";
import { DATA_ARCH, DATA_NR, encodeInstructions, Op } from "./bpf.ts";
import { ranges, search } from "./dispatch.ts";

export interface Otherwise {
  /** For system calls of another architecture and of the x32 table. */
  readonly foreign: Verdict;
  /** For numbers without a name: calls newer than the table. */
  readonly unknown: Verdict;
  /** Without a listener, notified calls fail. */
  readonly listener: boolean;
}

/**
 * Verdicts by name as `struct sock_filter[]`; equal verdicts give equal bytes. Foreign
 * architectures and x32 come first, because their numbers mean other calls. Then comes the search
 * over numbers, then one block per distinct verdict.
 */
export function encodeFilter(
  verdicts: ReadonlyMap<string, Verdict>,
  otherwise: Otherwise,
): Uint8Array {
  return encodeInstructions(assemble(filterLines(verdicts, otherwise)));
}

function filterLines(verdicts: ReadonlyMap<string, Verdict>, otherwise: Otherwise): Line[] {
  const blocks = new Blocks(otherwise.listener);
  const foreign = blocks.label(otherwise.foreign);
  const body = search(ranges(verdicts, otherwise.unknown), (verdict) => blocks.label(verdict));
  return [
    { kind: "load", offset: DATA_ARCH },
    { kind: "branch", code: Op.equal, k: AUDIT_ARCH_X86_64, yes: "native", no: foreign },
    { kind: "label", name: "native" },
    { kind: "load", offset: DATA_NR },
    { kind: "branch", code: Op.atLeast, k: __X32_SYSCALL_BIT, yes: foreign, no: "search" },
    { kind: "label", name: "search" },
    ...body,
    ...blocks.lines(),
  ];
}
