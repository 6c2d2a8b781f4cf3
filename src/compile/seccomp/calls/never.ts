import { refuse, refuseAbsent } from "../../../kernel/system-calls/verdict.ts";
import { neverGranted } from "../../../model/never-granted.ts";
import type { CallRow } from "../call-row.ts";

/** Absent rather than forbidden: libraries that try it fall back only on ENOSYS. */
const saidToBeAbsent = (name: string): boolean => name.startsWith("io_uring_");

const reasons = [...new Set(neverGranted.map(({ why }) => why))];

export const neverCalls: readonly CallRow[] = reasons.map((reason) => {
  const calls = neverGranted.filter(({ why }) => why === reason).map(({ name }) => name);
  const absent = calls.every(saidToBeAbsent);
  return {
    calls,
    class: "never",
    applies: "always",
    why: `${reason}: refused${absent ? " with ENOSYS" : ""}`,
    verdict: () => (absent ? refuseAbsent : refuse),
  };
});
