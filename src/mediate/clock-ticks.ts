import { CLOCK_BOOTTIME } from "../kernel/constants.ts";
import { sys } from "./sys.ts";

/** Nanoseconds of a clock tick of /proc: USER_HZ is 100 on every architecture (time(7)). */
const TICK_NS = 10_000_000n;

/** Since boot, as /proc/PID/stat counts when a process began (proc_pid_stat(5)). */
export function clockTicksNow(): bigint {
  // struct timespec (clock_gettime(2)).
  const now = Buffer.alloc(16);
  sys("clock_gettime", CLOCK_BOOTTIME, now);
  return (now.readBigInt64LE(0) * 1_000_000_000n + now.readBigInt64LE(8)) / TICK_NS;
}
