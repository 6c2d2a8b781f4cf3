import { writeFileSync } from "node:fs";
import { PRIO_PROCESS } from "../../kernel/constants.ts";
import { sys } from "./sys.ts";

const THIS_THREAD = 0;
/** Nice values (sched(7)). */
const AHEAD = -10;
const ORDINARY = 0;

/**
 * This process gets a processor before those of domains, however many ask for one: all domains wait
 * for it. Takes CAP_SYS_NICE; works without.
 */
export function goAhead(): void {
  leadSession(AHEAD);
  sys("setpriority", PRIO_PROCESS, THIS_THREAD, AHEAD);
}

/** Of a child, which may take precedence itself later on. */
export function letGoInTurn(pid: number): void {
  sys("setpriority", PRIO_PROCESS, pid, ORDINARY);
}

/** What works for one domain alone has no precedence before the others. */
export function goInTurn(): void {
  leadSession(ORDINARY);
  sys("setpriority", PRIO_PROCESS, THIS_THREAD, ORDINARY);
}

/**
 * A session of its own, with its share of the processors. Where the kernel schedules sessions
 * (sched(7), "The autogroup feature"), the nice value of a process counts only within its session,
 * and this one counts between sessions.
 */
function leadSession(nice: number): void {
  sys("setsid");
  try {
    writeFileSync("/proc/self/autogroup", `${nice}`);
  } catch {
    // This kernel schedules none, or the process may not.
  }
}
