import type { Verdict } from "./verdict.ts";

/**
 * A verdict as one line of text, for `docs/seccomp.md`. Arguments count from 0, as in seccomp(2).
 */
export function describeVerdict(verdict: Verdict): string {
  switch (verdict.kind) {
    case "allow":
      return "allowed";
    case "errno":
      return `fails with errno ${verdict.errno}`;
    case "notify":
      return verdict.meant;
    default:
      return `${describeVerdict(verdict.yes)} if ${condition(verdict)}, else ${describeVerdict(verdict.no)}`;
  }
}

function condition(verdict: Extract<Verdict, { kind: "masked" | "bits" }>): string {
  const name = `arg${verdict.argument}${verdict.half === "high" ? " (upper half)" : ""}`;
  if (verdict.kind === "bits")
    return verdict.bits === 0xffffffff ? `${name} != 0` : `${name} & ${hex(verdict.bits)}`;
  const masked = verdict.mask === 0xffffffff ? name : `(${name} & ${hex(verdict.mask)})`;
  const [only] = verdict.values;
  if (verdict.values.length === 1 && only !== undefined) return `${masked} == ${hex(only)}`;
  return `${masked} in {${verdict.values.map(hex).join(" ")}}`;
}

function hex(number: number): string {
  return number < 10 ? `${number}` : `0x${number.toString(16)}`;
}
