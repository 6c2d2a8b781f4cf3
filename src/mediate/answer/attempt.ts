import { BROKERED_GROUPS_MAX } from "../../kernel/mediated-calls/privileges.ts";
import { type Call, Confined, Vanished } from "../calls/call.ts";
import { OverBudget } from "../domain/descriptor-budget.ts";
import { remember } from "../domain/remembered-verdicts.ts";
import { E } from "../sys/abi.ts";
import { CannotImpersonate, IdentityLost } from "../target/identity.ts";
import { TooLong, Unreadable } from "../target/memory.ts";
import { TargetGone, TooManyGroups } from "../target/target-gone.ts";
import { Nameless } from "../walk/place.ts";
import { MayWait } from "../worker/may-wait.ts";
import { ofConfined } from "./guarded.ts";
import { CONTINUE, error, type Outcome, unable } from "./outcome.ts";
import { Rehearsed } from "./rehearsed.ts";
import { warned } from "./warned.ts";

/**
 * One step of a call that was begun: every doubt is a refusal; throws only IdentityLost. At level
 * warning nothing of what comes out but a warning reaches the target.
 */
export function attempt(call: Call, step: () => Outcome): Outcome {
  let outcome: Outcome;
  try {
    outcome = step();
  } catch (cause) {
    outcome = doubt(call, cause);
  }
  return call.rehearses ? warned(call, outcome) : outcome;
}

function doubt(call: Call, cause: unknown): Outcome {
  if (cause instanceof Rehearsed) {
    remember(call, CONTINUE);
    return CONTINUE;
  }
  if (cause instanceof MayWait) return { kind: "worker" };
  if (cause instanceof Vanished) return { kind: "vanished" };
  if (cause instanceof Confined) return ofConfined(call, cause.message);
  if (cause instanceof Nameless) return error(cause.errno);
  if (cause instanceof OverBudget)
    return unable(E.MFILE, call.name, `the domain's calls that wait keep ${cause.message}`);
  if (cause instanceof TooLong) return error(E.NAMETOOLONG);
  if (cause instanceof Unreadable) return unable(E.FAULT, call.name, "unreadable argument");
  if (cause instanceof TooManyGroups)
    return unable(
      E.PERM,
      call.name,
      `asked by a process with more than ${BROKERED_GROUPS_MAX} supplementary groups`,
    );
  if (cause instanceof TargetGone)
    return unable(E.PERM, call.name, "the asking thread cannot be looked at");
  if (cause instanceof CannotImpersonate)
    return unable(E.PERM, call.name, `identity cannot be taken: ${cause.message}`);
  if (cause instanceof IdentityLost) throw cause;
  return unable(
    E.IO,
    call.name,
    `the mediator failed: ${cause instanceof Error ? cause.message : "no reason"}`,
  );
}
