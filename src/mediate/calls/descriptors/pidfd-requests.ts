import { pidfdRequests } from "../../../kernel/argument-names.ts";
import { CONTINUE, error, type Outcome, unable } from "../../answer/outcome.ts";
import { E } from "../../sys/abi.ts";
import { errnoOf } from "../../sys/errno.ts";
import type { Call } from "../call.ts";
import { judgeProcess } from "../processes/judge-process.ts";
import { heldProcess } from "../processes/named-processes.ts";
import { sameFile } from "./same-file.ts";

const { magic, info } = pidfdRequests;

/** One that only pidfds know (PIDFD_GET_MNT_NAMESPACE and its kin, PIDFD_GET_INFO). */
export function isPidfdRequest(request: number): boolean {
  return ((request >>> 8) & 0xff) === magic;
}

/**
 * What a pidfd tells of its process, and its namespaces, which it gives out as descriptors: of the
 * domain's own processes alone. null for a descriptor of something else, by a process that cannot
 * exchange it meanwhile: one with several threads asks no pidfd anything.
 */
export function judgePidfdRequest(call: Call, request: number): Outcome | null {
  const fd = sameFile(call, call.int(0));
  if (fd === -E.BADF && call.isAlone) return CONTINUE;
  if (fd < 0) return error(errnoOf(fd));
  const pid = heldProcess(fd);
  if (pid === null) return call.isAlone ? null : error(E.NOTTY);
  const number = request & 0xff;
  // Of one that has ended there is nothing but how it ended.
  if (pid < 0) return number === info && call.isAlone ? CONTINUE : error(E.SRCH);
  const refused = judgeProcess(call, pid, "inspect");
  if (refused !== null) return refused;
  if (call.isAlone) return CONTINUE;
  return unable(E.PERM, call.name, "of a pidfd, asked by a process with several threads");
}
