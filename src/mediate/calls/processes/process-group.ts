import { CONTINUE, error, never, type Outcome, unable } from "../../answer/outcome.ts";
import { E } from "../../sys/abi.ts";
import { sys } from "../../sys/sys.ts";
import type { Call } from "../call.ts";
import type { Handler } from "../handler.ts";
import { spellProcess } from "./judge-process.ts";
import { everyProcess, membersOf } from "./named-processes.ts";
import { inSameDomain } from "./same-domain.ts";

/**
 * Why a call on a whole group may go on once the group was judged. (Such calls are kill(2) with 0
 * or less, PIDFD_SIGNAL_PROCESS_GROUP, F_SETOWN, setpriority(2), ioprio_set(2), and the terminal
 * driver, which stops the caller's group by SIGTTOU.) The kernel may find the caller in another
 * group than the mediator did, because any thread may call setpgid(2) meanwhile. So entering is
 * controlled: no process of a domain enters a group that contains a process outside the domain.
 * Whichever group the caller has entered since, it contains only the caller's domain. The only
 * group with outsiders in which a process can be is the one it was born in.
 *
 * An empty group is refused, as the kernel would refuse it now: by the time the kernel looks,
 * processes of another domain could have that group.
 */

/**
 * Judges setpgid(`process`, `group`), with the kernel's meaning of 0. null if the group contains no
 * process outside the domain. Both numbers are registers.
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
  return never(E.PERM, call.name, `process group ${entered}, which contains ${who}`);
}

/** setpgid in a sealed domain. Its arguments are registers. */
export const joinGroup: Handler = {
  continueIsSafe: (call) => judgeJoin(call, call.int(0), call.int(1)) === null,
  answer: (call) => judgeJoin(call, call.int(0), call.int(1)) ?? CONTINUE,
};

export function outsiderInSession(call: Call): string | null {
  const session = sys("getsid", call.target.credentials.tgid);
  // 0: a session in a pid namespace above the mediator's, with unknown members.
  if (session <= 0) return "a process of another pid namespace";
  const outsider = everyProcess(call).find(
    (pid) => sys("getsid", pid) === session && !inSameDomain(call, pid),
  );
  return outsider === undefined ? null : spellProcess(call, outsider);
}
