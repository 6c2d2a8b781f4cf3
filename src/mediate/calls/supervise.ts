import type { SystemCall } from "../../kernel/system-calls/call.ts";
import { isJudged } from "../../kernel/system-calls/columns.ts";
import { answerTo } from "../../kernel/system-calls/verdict.ts";
import { attempt } from "../answer/attempt.ts";
import { guarded } from "../answer/guarded.ts";
import { CONTINUE, never, type Outcome } from "../answer/outcome.ts";
import { refuseForm, refuseUnlisted } from "../answer/refuse-call.ts";
import { E } from "../sys/abi.ts";
import type { Call } from "./call.ts";
import { judgeDescriptor } from "./descriptors/judge-descriptor.ts";
import { judgeProcesses } from "./processes/judge-processes.ts";
import { judgeSocket } from "./sockets/judge-socket.ts";
import { noteConfinement } from "./state/confinement.ts";
import { forget } from "./state/forget.ts";
import { judgeState } from "./state/judge-state.ts";
import { judgePrivilege } from "./state/privileges.ts";
import { judgeUses, judgeWord } from "./state/words.ts";
import { handlerOf } from "./table.ts";

/**
 * Judges one call of a supervised domain and, at level enforcing, carries it out. Level warning
 * runs the same judgement up to the first effect (`Call.effect`). `warned()` then lets the call go
 * on, so that the target notices nothing.
 */
export function supervise(call: Call): Outcome {
  const { row } = call;
  if (row !== null) forget(call, row);
  if (row?.class === "state") noteConfinement(call);
  if (call.level === "disabled") return CONTINUE;
  return judgeRow(call, row);
}

function judgeRow(call: Call, row: SystemCall | null): Outcome {
  if (row === null) return refuseUnlisted(call);
  if (isListed(call, row)) return judgeListed(call, row);
  const unlisted = refuseUnlisted(call);
  // What the call does is judged, too: listing a call grants only the call.
  return call.rehearses ? attempt(call, () => judgeListed(call, row), unlisted.refusal) : unlisted;
}

function judgeListed(call: Call, row: SystemCall): Outcome {
  const refused = judgeUses(call);
  if (refused === null) return judgeOwn(call, row);
  // A word that is missing grants none of what the row asks for.
  return call.rehearses ? attempt(call, () => judgeOwn(call, row), refused.refusal) : refused;
}

function judgeOwn(call: Call, row: SystemCall): Outcome {
  return answerTo(row.supervised.verdict, call).kind === "allow" ? CONTINUE : judge(call, row);
}

function isListed({ broker, name }: Call, row: SystemCall): boolean {
  // Only the uses of such a call that ask for a word are notified, listed or not.
  if (row.class === "untouchable") return true;
  return isJudged(row.supervised, { listed: broker.lists(name), denied: broker.denies(name) });
}

function judge(call: Call, row: SystemCall): Outcome {
  switch (row.class) {
    case "name":
    case "address":
    case "exec":
      return byHandler(call);
    case "descriptor":
      return judgeDescriptor(call) ?? byHandler(call);
    case "socket":
      return judgeSocket(call, row) ?? byHandler(call);
    case "process":
      return judgeProcesses(call, row);
    case "privilege":
      return judgePrivilege(call, row);
    case "state":
      return judgeState(call, row);
    case "namespace-or-escape":
      return refuseForm(call);
    case "unmediated-name":
    case "plain":
    case "untouchable":
      return CONTINUE;
    default:
      return judgeWord(call, row);
  }
}

function byHandler(call: Call): Outcome {
  const handler = handlerOf(call.number);
  return handler === null ? never(E.PERM, call.name, "not mediated yet") : guarded(call, handler);
}
