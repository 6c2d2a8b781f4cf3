import { strongCapabilities } from "../../kinds/capabilities/policy.ts";
import type { WordSection } from "../../kinds/model.ts";
import { decide } from "../../model/decide.ts";
import { granted } from "../../model/granted.ts";
import type { Policy } from "../../model/policy.ts";
import { OUTSIDE, type Way } from "./hop.ts";

type Ways = (policy: Policy, other: string) => readonly Way[];

/**
 * What a word lets a domain do to another. The type checker refuses a kind of words that is left
 * out: a new one says here whom it reaches.
 */
const reached: { readonly [S in WordSection]: Ways | null } = {
  signals: signalWays,
  capabilities: capabilityWays,
  // Each domain at enforcing has an IPC namespace of its own.
  ipc: null,
  // They concern only the caller's own memory, descriptors and calls.
  memory: null,
  inherit: null,
  syscalls: null,
};

export function wordWays(policy: Policy, other: string): readonly Way[] {
  return Object.values(reached).flatMap((ways) => ways?.(policy, other) ?? []);
}

function signalWays(policy: Policy, other: string): readonly Way[] {
  const decision = decide(policy, { class: "signal", domain: other });
  if (decision.outcome === "denied") return [];
  const how = `may send signals to processes of ${other}`;
  return [{ control: "stop", how, witness: null, exists: false, mine: decision.by, theirs: null }];
}

function capabilityWays(policy: Policy, other: string): readonly Way[] {
  if (other !== OUTSIDE) return [];
  return [...granted(policy.capabilities)].flatMap((name): Way[] => {
    const effect = Object.hasOwn(strongCapabilities, name) ? strongCapabilities[name] : undefined;
    const decision = decide(policy, { class: "capability", name });
    if (effect === undefined || decision.outcome === "denied") return [];
    const how = `may ${effect} (${name})`;
    return [
      { control: "code", how, witness: null, exists: false, mine: decision.by, theirs: null },
    ];
  });
}
