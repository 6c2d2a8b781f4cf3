import { readFileSync } from "node:fs";
import { SELF_CONFINED_MAX } from "./limits.ts";

/**
 * Remembers who called landlock_restrict_self(2), so that the mediator undoes no confinement a daemon gives itself (landlock(7)).
 * Children inherit it: since parents may be gone by then, every process started after the first such call counts as confined.
 */
export class SelfConfined {
  readonly #processes = new Set<number>();
  /** Start time, in clock ticks since boot, from which on processes may be children of a confined one. */
  #since: number | null = null;

  mark(tgid: number): void {
    if (this.#processes.size < SELF_CONFINED_MAX) this.#processes.add(tgid);
    else this.#since = 0;
    // A child can be no older than the clock tick of this call.
    this.#since ??= uptimeTicks();
  }

  has(tgid: number): boolean {
    if (this.#since === null) return false;
    return this.#processes.has(tgid) || startTicks(tgid) >= this.#since;
  }
}

const TICKS_PER_SECOND = 100;

function uptimeTicks(): number {
  return Math.floor(Number(readFileSync("/proc/uptime", "latin1").split(" ")[0]) * TICKS_PER_SECOND) - 1;
}

/** Field 22 of /proc/PID/stat (proc_pid_stat(5)); a process that cannot be read counts as new. */
function startTicks(tgid: number): number {
  try {
    const text = readFileSync(`/proc/${tgid}/stat`, "latin1");
    return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[19]);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
