import type { Policy, Source } from "./policy.ts";

/**
 * Sections whose rules a running process can lose again. What a process takes for good at its start
 * (system calls, capabilities, memory, ipc, inherit) would outlive the exception.
 */
export const exceptionSections = ["files", "network", "signals"] as const;
export type ExceptionSection = (typeof exceptionSections)[number];

/** A rule of any kind that those sections hold. */
interface Rule {
  readonly source: Source;
}

/** A policy with what `change` makes of each kind of rule of those sections. */
export function changeExceptionRules(
  policy: Policy,
  change: <R extends Rule>(rules: readonly R[]) => readonly R[],
): Policy {
  return {
    ...policy,
    names: change(policy.names),
    addresses: change(policy.addresses),
    sockets: change(policy.sockets),
    signals: change(policy.signals),
  };
}

/** All rules of those sections. */
export function exceptionRules(policy: Policy): readonly Rule[] {
  const found: Rule[] = [];
  changeExceptionRules(policy, (rules) => {
    found.push(...rules);
    return rules;
  });
  return found;
}
