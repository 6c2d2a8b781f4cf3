import { plainCalls } from "../kernel/system-calls/plain.ts";
import { granted } from "../model/granted.ts";
import type { Policy } from "../model/policy.ts";

/** Words of a policy that a supervised run takes at its start, for as long as it runs. */
export interface FixedWords {
  /** What its filter allows without asking: a grant counts at once, a revocation does not. */
  readonly unasked: readonly string[];
  /** Its user, namespaces, limits and no_new_privs. */
  readonly start: readonly string[];
  /**
   * Its bounding set and its descriptors. A run that began below level enforcing has all of them,
   * and the mediator judges what it does with them.
   */
  readonly enforced: readonly string[];
}

export function fixedWords(policy: Policy): FixedWords {
  const { user, group, setUserId, coreDumps } = policy;
  const capabilities = [...granted(policy.capabilities)].map((name) => `capabilities ${name}`);
  const calls = granted(policy.syscalls);
  const plain = plainCalls.filter(({ name }) => calls.has(name));
  return {
    unasked: [
      ...(granted(policy.memory).has("jit") ? ["memory jit"] : []),
      ...plain.map(({ name }) => `syscalls ${name}`),
    ],
    start: [
      ...(user === null ? [] : [`user ${user}`]),
      ...(group === null ? [] : [`group ${group}`]),
      ...[...granted(policy.ipc)].map((kind) => `ipc ${kind}`),
      ...setUserId.map((path) => `set-user-id ${path}`),
      ...(coreDumps === "allowed" ? ["core-dumps allowed"] : []),
      // Another user than root keeps only those that it is given when it starts.
      ...(user === null ? [] : capabilities),
    ],
    enforced: [
      ...(user === null ? capabilities : []),
      ...[...granted(policy.inherit)].map((kind) => `inherit ${kind}`),
    ],
  };
}

/**
 * The words in which a policy differs from the one before, and which runs do not follow.
 * `isEnforced`: one of them began at level enforcing.
 */
export function notFollowed(
  before: FixedWords,
  now: FixedWords,
  isEnforced: boolean,
): readonly string[] {
  const changed = [
    ...without(before.unasked, now.unasked),
    ...both(before.start, now.start),
    ...(isEnforced ? both(before.enforced, now.enforced) : []),
  ];
  return [...new Set(changed)];
}

function both(before: readonly string[], now: readonly string[]): readonly string[] {
  return [...without(before, now), ...without(now, before)];
}

function without(words: readonly string[], others: readonly string[]): readonly string[] {
  const known = new Set(others);
  return words.filter((word) => !known.has(word));
}
