import type { Call } from "../calls/call.ts";
import { E } from "../sys/abi.ts";
import { IdentityLost } from "../target/identity.ts";
import { type Answer, cannot, type Outcome, type Refusal, type Unable, unable } from "./outcome.ts";
import { outcomeOf } from "./settled.ts";
import { warned } from "./warned.ts";

/**
 * Runs one step of a call and returns its answer. A failure becomes a refusal; only IdentityLost is
 * thrown. At level warning the answer is a warning, unless the refusal holds at that level, too.
 * `also`: a further refusal of this call, for level warning.
 */
export function attempt(call: Call, step: () => Outcome, also: Refusal | null = null): Answer {
  const outcome = named(call, ended(step));
  if (call.rehearses) return warned(call, outcome, also);
  return outcome.kind === "granted" ? unable(E.IO, call.name, "granted, and not done") : outcome;
}

/** Any exception but {@link Settled} is a fault of the mediator. */
function ended(step: () => Outcome): Outcome {
  try {
    return outcomeOf(step);
  } catch (cause) {
    if (cause instanceof IdentityLost) throw cause;
    const why = cause instanceof Error ? cause.message : "no reason";
    return cannot(E.IO, `the mediator failed: ${why}`);
  }
}

function named(call: Call, outcome: Outcome): Exclude<Outcome, Unable> {
  return outcome.kind === "unable" ? unable(outcome.errno, call.name, outcome.why) : outcome;
}
