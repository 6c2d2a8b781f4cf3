import { createHash } from "node:crypto";
import type { Automaton } from "../../model/automaton/automaton.ts";
import { decodeAutomaton } from "../../model/automaton/binary.ts";
import type { Policy } from "../../model/policy.ts";
import { decodePlan } from "../../plan/decode.ts";
import type { Plan } from "../../plan/plan.ts";
import { grantedCapabilities } from "./granted-capabilities.ts";

/** A policy as handlers use it. Domains whose plans have equal bytes share one. */
export interface Generation {
  readonly plan: Plan;
  readonly policy: Policy;
  readonly automaton: Automaton;
  readonly listed: ReadonlySet<string>;
  readonly denied: ReadonlySet<string>;
  readonly capabilities: bigint;
}

/** By SHA-256 of the plan's bytes; an entry lives as long as it is used. */
const known = new Map<string, WeakRef<Generation>>();

/** Throws PlanFormatError for bytes that are no plan. */
export function generationOf(bytes: Uint8Array): Generation {
  const digest = createHash("sha256").update(bytes).digest("hex");
  const before = known.get(digest)?.deref();
  if (before !== undefined) return before;
  const made = decode(bytes);
  for (const [key, entry] of known) if (entry.deref() === undefined) known.delete(key);
  known.set(digest, new WeakRef(made));
  return made;
}

function decode(bytes: Uint8Array): Generation {
  const plan = decodePlan(bytes);
  const policy = plan.mediation.policy;
  const { syscalls } = policy;
  const denied = new Set(
    syscalls.filter((rule) => rule.effect === "deny").map((rule) => rule.token),
  );
  const listed = new Set(syscalls.map((rule) => rule.token).filter((token) => !denied.has(token)));
  return {
    plan,
    policy,
    automaton: decodeAutomaton(plan.automaton),
    listed,
    denied,
    capabilities: grantedCapabilities(policy),
  };
}
