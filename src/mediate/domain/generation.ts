import { createHash } from "node:crypto";
import type { Automaton } from "../../model/automaton/automaton.ts";
import { decodeAutomaton } from "../../model/automaton/binary.ts";
import { buildAutomaton } from "../../model/automaton/build.ts";
import { changeExceptionRules, exceptionRules } from "../../model/exception-rules.ts";
import type { Policy, Source } from "../../model/policy.ts";
import { decodePlan } from "../../plan/decode.ts";
import type { Plan } from "../../plan/plan.ts";
import { grantedCapabilities } from "./granted-capabilities.ts";
import { GrantIndex } from "./used-grants.ts";

/** A policy as handlers use it. Domains whose plans have equal bytes share one. */
export interface Generation {
  /** When its first exception ends, milliseconds since boot; null if it has none. */
  readonly until: number | null;
  readonly plan: Plan;
  readonly policy: Policy;
  readonly automaton: Automaton;
  readonly listed: ReadonlySet<string>;
  readonly denied: ReadonlySet<string>;
  readonly capabilities: bigint;
  /** Made when it is asked for: a domain that is not supervised needs none. */
  readonly index: GrantIndex;
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
  return ofPolicy(plan, plan.mediation.policy, decodeAutomaton(plan.automaton));
}

function ofPolicy(plan: Plan, policy: Policy, automaton: Automaton): Generation {
  const { syscalls } = policy;
  const denied = new Set(
    syscalls.filter((rule) => rule.effect === "deny").map((rule) => rule.token),
  );
  const listed = new Set(syscalls.map((rule) => rule.token).filter((token) => !denied.has(token)));
  const ends = exceptionRules(policy).flatMap(({ source }) => source.until ?? []);
  let index: GrantIndex | null = null;
  return {
    ...{ plan, policy, automaton, listed, denied },
    get index() {
      index ??= new GrantIndex(policy);
      return index;
    },
    until: ends.length === 0 ? null : Math.min(...ends),
    capabilities: grantedCapabilities(policy),
  };
}

/**
 * Without the exceptions that have ended by `now`, milliseconds since boot. The agent puts such a
 * policy into force, too; but it may be dead just then, and a run may follow no agent.
 */
export function withoutEnded(generation: Generation, now: number): Generation {
  const { plan, policy, automaton } = generation;
  const lasting = <R extends { readonly source: Source }>(rules: readonly R[]): readonly R[] =>
    rules.filter(({ source }) => source.until === undefined || now < source.until);
  const left = changeExceptionRules(policy, lasting);
  const isSame = left.names.length === policy.names.length;
  return ofPolicy(plan, left, isSame ? automaton : buildAutomaton(left.names));
}
