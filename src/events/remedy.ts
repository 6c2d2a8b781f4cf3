import { whyNever } from "../kinds/syscalls/model.ts";
import type { Policy } from "../model/policy.ts";
import type { Request } from "../model/request.ts";
import { suggest } from "../model/suggest.ts";
import type { DenialReason } from "../model/verdict.ts";
import type { Event } from "./event.ts";

/**
 * The line with which the policy grants what it denies for this reason, or in a sentence why there
 * is none. What is Cofferdam's own needs no sentence beside the reason.
 */
export function remedyOf(
  policy: Policy,
  request: Request,
  reason: DenialReason | "rule",
): Pick<Event, "allow" | "help"> {
  if (reason === "own-object") return { allow: null };
  if (reason === "rule")
    return {
      allow: null,
      help: "only without that rule: deny beats allow, whatever else is granted",
    };
  const allow = suggest(request, policy);
  if (allow === null) return { allow, help: whyNone(request) };
  const isWider = request.class === "signal" && policy.mediation === "sealed";
  return isWider ? { allow, help: anySignal } : { allow };
}

const anySignal =
  "the kernel lets a sealed domain signal every process outside it or none: with `mediation: " +
  "supervised` the other domain's name is enough";

function whyNone(request: Request): string {
  if (request.class === "two-names")
    return (
      "no single line: the old name needs what the new one has, with every name below it, and no " +
      "rule may deny that"
    );
  const never = request.class === "syscall" ? whyNever(request.name) : null;
  return `no line of a policy can grant it${never === null ? "" : `: ${never}`}`;
}
