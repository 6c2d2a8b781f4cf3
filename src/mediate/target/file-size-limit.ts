import type { Call } from "../calls/call.ts";
import { abi } from "../sys/abi.ts";
import { close, sys } from "../sys/sys.ts";

/**
 * /proc/PID/limits (proc_pid_limits(5)), which everybody may read: sixteen lines of eighty
 * characters.
 */
const LIMITS_BYTES = 4_096;
const limits = Buffer.alloc(LIMITS_BYTES);

/** A soft limit by its name there; null where it cannot be read, `unlimited` as a very large one. */
export function softLimit(call: Call, name: string): bigint | null {
  const fd = call.target.entry("limits", abi.O_NONBLOCK);
  if (fd < 0) return null;
  const got = sys("pread64", fd, limits, limits.length, 0);
  close(fd);
  const text = limits.toString("latin1", 0, Math.max(got, 0));
  const soft = new RegExp(`^${name} +(\\d+|unlimited) `, "m").exec(text)?.[1];
  if (soft === undefined) return null;
  return soft === "unlimited" ? UNLIMITED : BigInt(soft);
}

/** RLIM_INFINITY, less one: in a request to an impersonator all bits mean something else. */
const UNLIMITED = 0xffff_ffff_ffff_fffen;

/**
 * The target may make no file that long (RLIMIT_FSIZE, getrlimit(2)); the mediator's own limit is
 * another. SIGXFSZ is not sent.
 */
export function beyondFileSize(call: Call, length: bigint): boolean {
  if (length <= 0n) return false;
  const soft = softLimit(call, "Max file size");
  return soft === null || length > soft;
}
