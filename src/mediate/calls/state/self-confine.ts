import { CONTINUE } from "../../answer/outcome.ts";
import type { Handler } from "../handler.ts";

/**
 * landlock_restrict_self only ever takes rights away: remembered, so that the mediator undoes
 * nothing of it, then let through.
 */
export const selfConfine: Handler = {
  continueIsSafe: () => true,
  answer(call) {
    call.broker.selfConfined.mark(call.target.credentials.tgid);
    call.check();
    return CONTINUE;
  },
};
