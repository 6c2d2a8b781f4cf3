import { CLOCK_TICKS_A_SECOND } from "../../domains/proc-stat.ts";
import { CLOCK_BOOTTIME } from "../../kernel/constants.ts";
import { sys } from "./sys.ts";

const TICK_NS = BigInt(1_000_000_000 / CLOCK_TICKS_A_SECOND);

/** Since boot, as /proc/PID/stat counts when a process began (proc_pid_stat(5)). */
export function clockTicksNow(): bigint {
  // struct timespec (clock_gettime(2)).
  const now = Buffer.alloc(16);
  sys("clock_gettime", CLOCK_BOOTTIME, now);
  return (now.readBigInt64LE(0) * 1_000_000_000n + now.readBigInt64LE(8)) / TICK_NS;
}
