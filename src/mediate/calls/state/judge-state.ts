import { CLONE_NEWTIME, CLONE_PARENT } from "../../../kernel/constants.ts";
import type { StateCall } from "../../../kernel/system-calls/call.ts";
import { NEW_NAMESPACES } from "../../../kernel/system-calls/state.ts";
import { judgeCapability } from "../../../kinds/capabilities/mediate.ts";
import { CONTINUE, error, type Outcome } from "../../answer/outcome.ts";
import { refuseForm } from "../../answer/refuse-call.ts";
import { E } from "../../sys/abi.ts";
import type { Call } from "../call.ts";
import { judgeCoreLimit } from "../processes/core-limit.ts";
import { cloneFlags } from "./clone-flags.ts";
import { adoptsOrphans } from "./confinement.ts";
import { confinesItself } from "./self-confine.ts";
import { sharesDescriptors } from "./shared-descriptors.ts";

/**
 * Judges a call that changes what later calls are judged by; {@link forget} has recorded it before.
 * Registers decide, except in clone3.
 */
export function judgeState(call: Call, row: StateCall): Outcome {
  switch (call.name) {
    case "clone":
      return sharesTooMuch(cloneFlags(call)) ? refuseForm(call) : CONTINUE;
    case "clone3":
      return judgeFlagsInMemory(call);
    case "unshare":
      return call.unsigned(0) & (NEW_NAMESPACES | CLONE_NEWTIME) ? refuseForm(call) : CONTINUE;
    case "setns":
    case "personality":
      return refuseForm(call);
    case "prctl":
      return adoptsOrphans(call) ? goesOn(call) : refuseForm(call);
    case "setrlimit":
      return judgeCoreLimit(call, call.word(1), 0n) ?? CONTINUE;
    case "landlock_restrict_self":
    case "lsm_set_self_attr":
      return confinesItself(call);
    default:
      return (
        (row.capability === undefined ? null : judgeCapability(call, row.capability)) ?? CONTINUE
      );
  }
}

function goesOn(call: Call): Outcome {
  call.check();
  return CONTINUE;
}

/**
 * Libraries fall back to clone, so the refusal costs nothing and needs no event, unless clone would
 * be refused as well.
 */
function judgeFlagsInMemory(call: Call): Outcome {
  if (sharesTooMuch(cloneFlags(call))) return refuseForm(call);
  return call.rehearses ? CONTINUE : error(E.NOSYS);
}

/** New namespaces, a sibling (its parent may be outside the domain), or shared descriptors. */
function sharesTooMuch(flags: number): boolean {
  return (flags & (NEW_NAMESPACES | CLONE_PARENT)) !== 0 || sharesDescriptors(flags);
}
