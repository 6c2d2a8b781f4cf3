import {
  SECCOMP_RET_ALLOW,
  SECCOMP_RET_ERRNO,
  SECCOMP_RET_USER_NOTIF,
} from "../../kernel/constants.ts";
import type { Verdict } from "../../kernel/system-calls/verdict.ts";
import type { Line } from "./assembler.ts";
import { dataArgument, Op } from "./bpf.ts";
import { verdictKey } from "./verdict-key.ts";

/**
 * Each requested verdict once. The inner verdicts of a condition follow it, because jumps only go
 * forward.
 */
export class Blocks {
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
    const deepestFirst = [...this.#labels.entries()].sort(
      ([a], [b]) => (depths.get(b) ?? 0) - (depths.get(a) ?? 0),
    );
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
          {
            kind: "answer",
            value: this.#listener ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ERRNO | verdict.without,
          },
        ];
      case "bits":
        return [
          { kind: "load", offset: dataArgument(verdict.argument, "low") },
          {
            kind: "branch",
            code: Op.anyBit,
            k: verdict.bits,
            yes: this.label(verdict.yes),
            no: this.label(verdict.no),
          },
        ];
      case "pointer":
        return this.#pointer(label, verdict);
      case "one-of":
        return this.#oneOf(label, verdict);
    }
  }

  /** Both halves of the register count. */
  #pointer(label: string, { argument, yes, no }: Extract<Verdict, { kind: "pointer" }>): Line[] {
    const high = `${label} high`;
    const isSet = { kind: "branch", code: Op.anyBit, k: 0xffffffff, yes: this.label(yes) } as const;
    return [
      { kind: "load", offset: dataArgument(argument, "low") },
      { ...isSet, no: high },
      { kind: "label", name: high },
      { kind: "load", offset: dataArgument(argument, "high") },
      { ...isSet, no: this.label(no) },
    ];
  }

  #oneOf(label: string, verdict: Extract<Verdict, { kind: "one-of" }>): Line[] {
    const lines: Line[] = [{ kind: "load", offset: dataArgument(verdict.argument, "low") }];
    if (verdict.mask !== 0xffffffff) lines.push({ kind: "and", mask: verdict.mask });
    verdict.values.forEach((value, index) => {
      const last = index === verdict.values.length - 1;
      const next = last ? this.label(verdict.no) : `${label} value ${index + 1}`;
      lines.push({
        kind: "branch",
        code: Op.equal,
        k: value,
        yes: this.label(verdict.yes),
        no: next,
      });
      if (!last) lines.push({ kind: "label", name: next });
    });
    return lines;
  }
}
