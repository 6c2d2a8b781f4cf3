import type { Call } from "../calls/call.ts";
import { abi } from "../sys/abi.ts";
import { close, sys } from "../sys/sys.ts";

/**
 * /proc/PID/limits (proc_pid_limits(5)), which everybody may read: sixteen lines of eighty
 * characters.
 */
const LIMITS_BYTES = 4_096;
const limits = Buffer.alloc(LIMITS_BYTES);

/**
 * The target may make no file that long (RLIMIT_FSIZE, getrlimit(2)); the mediator's own limit is
 * another. SIGXFSZ is not sent.
 */
export function beyondFileSize(call: Call, length: bigint): boolean {
  if (length <= 0n) return false;
  const fd = call.target.entry("limits", abi.O_NONBLOCK);
  if (fd < 0) return true;
  const got = sys("pread64", fd, limits, limits.length, 0);
  close(fd);
  const soft = /^Max file size +(\d+|unlimited) /m.exec(
    limits.toString("latin1", 0, Math.max(got, 0)),
  )?.[1];
  if (soft === undefined) return true;
  return soft !== "unlimited" && length > BigInt(soft);
}
