import type { WordCall, WordUse } from "../../../kernel/system-calls/call.ts";
import { wordUsesOf } from "../../../kernel/system-calls/table.ts";
import { allow, answerTo, notify } from "../../../kernel/system-calls/verdict.ts";
import { spellWord, type WordRequest } from "../../../kinds/model.ts";
import { CONTINUE, type Outcome, type Refused } from "../../answer/outcome.ts";
import { spellCall } from "../../report/spell-call.ts";
import { E } from "../../sys/abi.ts";
import type { Call } from "../call.ts";

export function judgeWord(call: Call, { asks }: WordCall): Outcome {
  return refusedWord(call, asks, { operation: call.name, object: spellWord(asks) }) ?? CONTINUE;
}

/**
 * Judges the uses of a call that ask for a word besides what its row says. null where this is none
 * of them, or the policy grants the word.
 */
export function judgeUses(call: Call): Refused | null {
  for (const use of wordUsesOf(call.name)) {
    if (answerTo(use.verdict(notify, allow), call).kind === "allow") continue;
    const refused = judgeUse(call, use);
    if (refused !== null) return refused;
  }
  return null;
}

function judgeUse(call: Call, { asks }: WordUse): Refused | null {
  return refusedWord(call, asks, {
    operation: "use",
    object: `${spellWord(asks)} for ${spellCall(call)}`,
  });
}

/** null where the policy grants the word. */
export function refusedWord(
  call: Call,
  asks: WordRequest,
  words: { readonly operation: string; readonly object: string },
): Refused | null {
  if (call.broker.decide(asks).outcome === "granted") return null;
  const refusal = { class: asks.class, ...words, reason: "no-rule", request: asks } as const;
  return { kind: "refused", errno: E.PERM, refusal };
}
