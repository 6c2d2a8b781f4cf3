import { LANDLOCK_LOG_OFF_FLAGS } from "../../../kernel/argument-names.ts";
import { CONTINUE, type Outcome } from "../../answer/outcome.ts";
import { refuseForm } from "../../answer/refuse-call.ts";
import type { Call } from "../call.ts";
import type { Handler } from "../handler.ts";

/**
 * landlock_restrict_self can only take rights away. It is recorded, so that the mediator does not
 * bypass the new layer, and then goes on. Its flags must not suppress the kernel's records of a
 * sealed domain's denials.
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
 * Lets the call go on and logs it. The kernel records the new layer's denials under another number,
 * and after the next execve not at all, so the domain's log does not contain them.
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
