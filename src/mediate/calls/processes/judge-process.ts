import { existsSync } from "node:fs";
import { error, never, type Outcome, type Refusal } from "../../answer/outcome.ts";
import { E } from "../../sys/abi.ts";
import { isCofferdams } from "../../target/own-process.ts";
import type { Call } from "../call.ts";
import { domainName, inSameDomain } from "./same-domain.ts";

/** `signal` is granted by the policy's `signals`. The others are allowed within the domain only. */
export type Operation = "signal" | "control" | "inspect";

export function spellProcess(call: Call, pid: number): string {
  const domain = domainName(call, pid);
  return `process ${pid} of ${domain === "unknown" ? "an unknown domain" : domain}`;
}

/** null if the domain may do that to the process. `pid` may also be a thread's number. */
export function judgeProcess(call: Call, pid: number, operation: Operation): Outcome | null {
  if (!existsSync(`/proc/${pid}`)) return error(E.SRCH);
  if (inSameDomain(call, pid)) return null;
  if (isCofferdams(pid, (one) => call.broker.domainOf(one)))
    return refused({
      operation: call.name,
      object: `process ${pid} of Cofferdam`,
      reason: "own-object",
    });
  const domain = domainName(call, pid);
  const object = spellProcess(call, pid);
  if (operation !== "signal") return never(E.PERM, call.name, object);
  const request = { class: "signal", domain } as const;
  if (call.broker.decide(request).outcome === "granted") return null;
  return refused({
    operation: call.name,
    object,
    reason: "no-rule",
    request: domain === "unknown" ? null : request,
  });
}

/**
 * Refused if one of several processes is. At a level that lets calls go on, only a refusal for one
 * of Cofferdam's own processes counts at once.
 */
export function judgeAll(
  call: Call,
  pids: readonly number[],
  operation: Operation,
): Outcome | null {
  let first: Outcome | null = null;
  for (const pid of pids) {
    const refused = judgeProcess(call, pid, operation);
    if (refused !== null && (!call.rehearses || isOwn(refused))) return refused;
    first ??= refused;
  }
  return first;
}

function isOwn(outcome: Outcome): boolean {
  return outcome.kind === "refused" && outcome.refusal.reason === "own-object";
}

function refused(
  what: Omit<Refusal, "class" | "request"> & Partial<Pick<Refusal, "request">>,
): Outcome {
  return { kind: "refused", errno: E.PERM, refusal: { class: "signal", request: null, ...what } };
}
