import {
  __X32_SYSCALL_BIT,
  AUDIT_ARCH_X86_64,
  SECCOMP_RET_ALLOW,
  SECCOMP_RET_ERRNO,
  SECCOMP_RET_USER_NOTIF,
} from "../../kernel/constants.ts";
import { all } from "../../kernel/syscalls.ts";
import { assemble, type Line } from "./assembler.ts";
import { DATA_ARCH, DATA_NR, dataArgument, encodeInstructions, Op } from "./bpf.ts";
import { callVerdict } from "./call-table.ts";
import { ranges, search } from "./dispatch.ts";
import type { FilterContext } from "./filter-context.ts";
import { absent, refuseAbsent, type Verdict, verdictKey } from "./verdict.ts";

/** The whole filter of a sealed domain as `struct sock_filter[]`. Same context, same bytes. */
export function buildFilter(context: FilterContext): Uint8Array {
  return encodeInstructions(assemble(filterLines(context)));
}

/**
 * Foreign architectures and x32 first: their numbers mean other calls. Then the search over numbers, then one block for
 * each distinct verdict. A number without a name is a call newer than this table: ENOSYS, as an older kernel would say.
 */
function filterLines(context: FilterContext): Line[] {
  const blocks = new Blocks(context.listener);
  const verdicts = new Map(all().map((name) => [name, callVerdict(name, context)]));
  const foreign = blocks.label(refuseAbsent);
  const body = search(ranges(verdicts, absent), (verdict) => blocks.label(verdict));
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

/** Verdicts that were asked for, each written once; inner verdicts of a question come behind it, since jumps go forward only. */
class Blocks {
  readonly #listener: boolean;
  readonly #labels = new Map<string, { label: string; verdict: Verdict }>();

  constructor(listener: boolean) {
    this.#listener = listener;
  }

  label(verdict: Verdict): string {
    const key = verdictKey(verdict);
    const known = this.#labels.get(key);
    if (known !== undefined) return known.label;
    const label = `verdict ${this.#labels.size}`;
    this.#labels.set(key, { label, verdict });
    return label;
  }

  lines(): Line[] {
    const bodies: Line[][] = [];
    const depths = new Map<string, number>();
    const collect = (verdict: Verdict): number => {
      const key = verdictKey(verdict);
      const known = depths.get(key);
      if (known !== undefined) return known;
      this.label(verdict);
      const inner = "yes" in verdict ? 1 + Math.max(collect(verdict.yes), collect(verdict.no)) : 0;
      depths.set(key, inner);
      return inner;
    };
    for (const { verdict } of [...this.#labels.values()]) collect(verdict);
    const deepestFirst = [...this.#labels.entries()].sort(([a], [b]) => (depths.get(b) ?? 0) - (depths.get(a) ?? 0));
    for (const [, { label, verdict }] of deepestFirst)
      bodies.push([{ kind: "label", name: label }, ...this.#body(label, verdict)]);
    return bodies.flat();
  }

  #body(label: string, verdict: Verdict): Line[] {
    switch (verdict.kind) {
      case "allow":
        return [{ kind: "answer", value: SECCOMP_RET_ALLOW }];
      case "errno":
        return [{ kind: "answer", value: SECCOMP_RET_ERRNO | verdict.errno }];
      case "notify":
        return [
          { kind: "answer", value: this.#listener ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ERRNO | verdict.without },
        ];
      case "bits":
        return [
          { kind: "load", offset: dataArgument(verdict.argument, verdict.half) },
          {
            kind: "branch",
            code: Op.anyBit,
            k: verdict.bits,
            yes: this.label(verdict.yes),
            no: this.label(verdict.no),
          },
        ];
      case "masked":
        return this.#masked(label, verdict);
    }
  }

  #masked(label: string, verdict: Extract<Verdict, { kind: "masked" }>): Line[] {
    const lines: Line[] = [{ kind: "load", offset: dataArgument(verdict.argument, verdict.half) }];
    if (verdict.mask !== 0xffffffff) lines.push({ kind: "and", mask: verdict.mask });
    verdict.values.forEach((value, index) => {
      const last = index === verdict.values.length - 1;
      const next = last ? this.label(verdict.no) : `${label} value ${index + 1}`;
      lines.push({ kind: "branch", code: Op.equal, k: value, yes: this.label(verdict.yes), no: next });
      if (!last) lines.push({ kind: "label", name: next });
    });
    return lines;
  }
}
