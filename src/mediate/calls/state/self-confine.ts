import { LANDLOCK_LOG_OFF_FLAGS } from "../../../kernel/argument-names.ts";
import { CONTINUE, type Outcome } from "../../answer/outcome.ts";
import { refuseForm } from "../../answer/refuse-call.ts";
import type { Call } from "../call.ts";
import type { Handler } from "../handler.ts";

/**
 * landlock_restrict_self only ever takes rights away: remembered, so that the mediator undoes
 * nothing of it, then let through. Its flags may not keep the kernel's records of a sealed domain's
 * denials from whoever reads them.
 */
export const selfConfine: Handler = {
  onlyLooks: true,
  continueIsSafe: (call) => !hidesDenials(call),
  answer(call) {
    if (hidesDenials(call)) return refuseForm(call);
    call.broker.selfConfined.mark(call.target.credentials.tgid);
    return confinesItself(call);
  },
};

function hidesDenials(call: Call): boolean {
  return (call.unsigned(1) & LANDLOCK_LOG_OFF_FLAGS) !== 0;
}

/**
 * Goes on, and is told of: the kernel records what the new layer denies under another number, and
 * after the next execve not at all, so that the domain's log is blind to it.
 */
export function confinesItself(call: Call): Outcome {
  call.check();
  const refusal = {
    class: "confinement",
    operation: call.name,
    object: "a layer of its own",
    reason: null,
    request: null,
    help: "what that layer denies is not in this log",
  } as const;
  return { kind: "reported", verdict: "noted", refusal, answer: CONTINUE };
}
