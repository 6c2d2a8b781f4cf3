import { CLOCK_TICKS_A_SECOND } from "../../domains/proc-stat.ts";
import { CLOCK_BOOTTIME } from "../../kernel/constants.ts";
import { timespec } from "../../kernel/structs.ts";
import { sys } from "./sys.ts";

const TICK_NS = BigInt(1_000_000_000 / CLOCK_TICKS_A_SECOND);

/** The unit of a start time in /proc/PID/stat (proc_pid_stat(5)). */
export function clockTicksNow(): bigint {
  const now = timespec.alloc();
  sys("clock_gettime", CLOCK_BOOTTIME, now);
  const { tv_sec, tv_nsec } = timespec.decode(now);
  return (tv_sec * 1_000_000_000n + tv_nsec) / TICK_NS;
}
