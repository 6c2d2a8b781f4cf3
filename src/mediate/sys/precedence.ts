import { sys } from "./sys.ts";

/** PRIO_PROCESS of setpriority(2), for this thread. */
const PRIO_PROCESS = 0;
/** Nice values (sched(7)). */
const AHEAD = -10;
const ORDINARY = 0;

/**
 * The thread gets a processor before those of domains, however many ask for one: all domains wait
 * for it. Takes CAP_SYS_NICE; works without.
 */
export function goAhead(): void {
  sys("setpriority", PRIO_PROCESS, 0, AHEAD);
}

/** What works for one domain alone has no precedence before the others. */
export function goInTurn(): void {
  sys("setpriority", PRIO_PROCESS, 0, ORDINARY);
}
