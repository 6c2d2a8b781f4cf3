import type { Verdict } from "../../kernel/system-calls/verdict.ts";

/** Equal verdicts share one block of the filter. */
export function verdictKey(verdict: Verdict): string {
  return JSON.stringify(verdict);
}
