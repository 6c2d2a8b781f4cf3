import { pidfdRequests } from "../../../kernel/argument-names.ts";
import { CONTINUE, error, type Outcome, unable } from "../../answer/outcome.ts";
import { E } from "../../sys/abi.ts";
import { errnoOf } from "../../sys/errno.ts";
import type { Call } from "../call.ts";
import { judgeProcess } from "../processes/judge-process.ts";
import { heldProcess } from "../processes/named-processes.ts";
import { sameFile } from "./same-file.ts";

const { magic, info } = pidfdRequests;

/** A request for pidfds only (PIDFD_GET_INFO, PIDFD_GET_MNT_NAMESPACE and similar). */
export function isPidfdRequest(request: number): boolean {
  return ((request >>> 8) & 0xff) === magic;
}

/**
 * A pidfd reports on its process and gives out its namespaces as descriptors. Both are allowed for
 * processes of the domain only. null for a descriptor that is no pidfd, if the process has one
 * thread. With several threads, one could put a pidfd there, so the call is refused.
 */
export function judgePidfdRequest(call: Call, request: number): Outcome | null {
  const fd = sameFile(call, call.int(0));
  if (fd === -E.BADF && call.isAlone) return CONTINUE;
  if (fd < 0) return error(errnoOf(fd));
  const pid = heldProcess(fd);
  if (pid === null) return call.isAlone ? null : error(E.NOTTY);
  const number = request & 0xff;
  // An ended process only reports how it ended.
  if (pid < 0) return number === info && call.isAlone ? CONTINUE : error(E.SRCH);
  const refused = judgeProcess(call, pid, "inspect");
  if (refused !== null) return refused;
  if (call.isAlone) return CONTINUE;
  return unable(E.PERM, call.name, "of a pidfd, asked by a process with several threads");
}
