import { ENOSYS } from "../../kernel/constants.ts";
import { errnoName } from "../../kernel/errno-error.ts";
import type { Question, Verdict } from "../../kernel/system-calls/verdict.ts";

/**
 * For `docs/system-calls.md`. Arguments count from 0, as in seccomp(2). A condition within a
 * condition stands in brackets. `allowed`: the words for what is not held back.
 */
export function describeVerdict(verdict: Verdict, allowed = "allowed"): string {
  switch (verdict.kind) {
    case "allow":
      return allowed;
    case "errno":
      return `fails with ${errnoName(verdict.errno)}`;
    case "notify":
      return verdict.without === ENOSYS ? `${verdict.meant} with ENOSYS` : verdict.meant;
    default: {
      const yes = describeVerdict(verdict.yes, allowed);
      const bracketed = "yes" in verdict.yes ? `(${yes})` : yes;
      return `${bracketed} if ${condition(verdict)}, else ${describeVerdict(verdict.no, allowed)}`;
    }
  }
}

function condition(question: Question): string {
  const name = `arg${question.argument}`;
  if (question.kind === "pointer") return `${name} is not null`;
  if (question.kind === "bits") return `${name} & ${hex(question.bits)}`;
  const masked = question.mask === 0xffffffff ? name : `(${name} & ${hex(question.mask)})`;
  const [only] = question.values;
  if (question.values.length === 1 && only !== undefined) return `${masked} == ${hex(only)}`;
  return `${masked} in {${question.values.map(hex).join(" ")}}`;
}

function hex(number: number): string {
  return number < 10 ? `${number}` : `0x${number.toString(16)}`;
}
