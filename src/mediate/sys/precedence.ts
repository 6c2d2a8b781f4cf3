import { writeFileSync } from "node:fs";
import { PRIO_PROCESS } from "../../kernel/constants.ts";
import { sys } from "./sys.ts";

const THIS_THREAD = 0;
/** Nice values (sched(7)). */
const AHEAD = -10;
const ORDINARY = 0;

/**
 * Over processes of domains, because all domains wait for this process. Without CAP_SYS_NICE it
 * does nothing.
 */
export function goAhead(): void {
  leadSession(AHEAD);
  sys("setpriority", PRIO_PROCESS, THIS_THREAD, AHEAD);
}

/** Takes precedence from a child; the child may raise its own later. */
export function letGoInTurn(pid: number): void {
  sys("setpriority", PRIO_PROCESS, pid, ORDINARY);
}

/** For a process that works for one domain alone. */
export function goInTurn(): void {
  leadSession(ORDINARY);
  sys("setpriority", PRIO_PROCESS, THIS_THREAD, ORDINARY);
}

/**
 * Starts a session of its own, with its own share of the processors. If the kernel schedules
 * sessions (sched(7), "The autogroup feature"), a process's nice value counts only within its
 * session, and this value counts between sessions.
 */
function leadSession(nice: number): void {
  sys("setsid");
  try {
    writeFileSync("/proc/self/autogroup", `${nice}`);
  } catch {
    // This kernel schedules no sessions, or the process lacks the right.
  }
}
