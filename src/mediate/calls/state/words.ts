import type { WordCall } from "../../../kernel/system-calls/call.ts";
import { spellWord } from "../../../kinds/model.ts";
import { decide } from "../../../model/decide.ts";
import { CONTINUE, type Outcome } from "../../answer/outcome.ts";
import { E } from "../../sys/abi.ts";
import type { Call } from "../call.ts";

/** A call that asks the policy for one word: registers, and the call itself, say which. */
export function judgeWord(call: Call, { asks }: WordCall): Outcome {
  if (decide(call.broker.policy, asks).outcome === "granted") return CONTINUE;
  const refusal = {
    class: asks.class,
    operation: call.name,
    object: spellWord(asks),
    reason: "no-rule",
    request: asks,
  } as const;
  return { kind: "refused", errno: E.PERM, refusal };
}
