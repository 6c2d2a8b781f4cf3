import { neverGranted } from "../../../kernel/never-granted.ts";
import type { CallRow } from "../call-row.ts";
import { notify, notifyAbsent } from "../verdict.ts";

/** Absent rather than forbidden: libraries that try it fall back only on ENOSYS. */
const saidToBeAbsent = (name: string): boolean => name.startsWith("io_uring_");

export const neverCalls: readonly CallRow[] = neverGranted.map(({ name, why }) => ({
  calls: [name],
  class: "never",
  applies: "always",
  why: `${why}: refused${saidToBeAbsent(name) ? " with ENOSYS" : ""}`,
  verdict: () => (saidToBeAbsent(name) ? notifyAbsent : notify),
}));
