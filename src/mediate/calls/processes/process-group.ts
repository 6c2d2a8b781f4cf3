import { CONTINUE, error, never, type Outcome, unable } from "../../answer/outcome.ts";
import { E } from "../../sys/abi.ts";
import { sys } from "../../sys/sys.ts";
import type { Call } from "../call.ts";
import type { Handler } from "../handler.ts";
import { spellProcess } from "./judge-process.ts";
import { everyProcess, membersOf } from "./named-processes.ts";
import { inSameDomain } from "./same-domain.ts";

/**
 * Process groups, and why a call that reaches a whole group may go on once the group was judged
 * (kill(2) with 0 or less, PIDFD_SIGNAL_PROCESS_GROUP, F_SETOWN, setpriority(2), ioprio_set(2), and
 * the terminal driver, which stops the caller's whole group by SIGTTOU): the group in which the
 * kernel finds the caller by then may be another one, since any thread may have called setpgid(2)
 * meanwhile. So what is held is the way in: no process of a domain enters a group with somebody
 * outside the domain in it. Whatever group it has entered since the judgement, only its own domain
 * is there.
 *
 * A group in which nobody is could be anybody's when the kernel looks: it is refused, as the kernel
 * would refuse it now. The group of its birth is the one with outsiders that a process can be in.
 */

/**
 * setpgid(`process`, `group`), 0 as the kernel takes it; null where nobody outside the domain is in
 * the group. Both numbers are registers.
 */
export function judgeJoin(call: Call, process: number, group: number): Outcome | null {
  const { tgid, sharesPidNamespace } = call.target.credentials;
  if (!sharesPidNamespace)
    return unable(E.PERM, call.name, `process group ${group} of another pid namespace`);
  const joining = process === 0 ? tgid : process;
  const entered = group === 0 ? joining : group;
  if (entered < 0) return null;
  const members = membersOf(call, entered);
  if (members.length === 0 && entered !== joining) return error(E.PERM);
  const outsider = members.find((pid) => !inSameDomain(call, pid));
  if (outsider === undefined) return null;
  const who = spellProcess(call, outsider);
  return never(E.PERM, call.name, `process group ${entered}, in which is ${who}`);
}

/** setpgid in a sealed domain. All that is asked of it lies in registers. */
export const joinGroup: Handler = {
  continueIsSafe: (call) => judgeJoin(call, call.int(0), call.int(1)) === null,
  answer: (call) => judgeJoin(call, call.int(0), call.int(1)) ?? CONTINUE,
};

/** Somebody outside the domain in the caller's session, to be named; null where there is nobody. */
export function outsiderInSession(call: Call): string | null {
  const session = sys("getsid", call.target.credentials.tgid);
  // 0 is a session of a pid namespace above the mediator's, in which there may be anybody.
  if (session <= 0) return "somebody of another pid namespace";
  const outsider = everyProcess(call).find(
    (pid) => sys("getsid", pid) === session && !inSameDomain(call, pid),
  );
  return outsider === undefined ? null : spellProcess(call, outsider);
}
