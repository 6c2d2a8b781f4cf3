import { abi } from "../../sys/abi.ts";
import { close, sys } from "../../sys/sys.ts";
import type { Call } from "../call.ts";

/**
 * Size of /proc/PID/limits, which any process may read (proc_pid_limits(5)): sixteen lines of
 * eighty characters.
 */
const LIMITS_BYTES = 4_096;
const limits = Buffer.alloc(LIMITS_BYTES);

/** By the resource's name there; null if the limits cannot be read. */
export function limitsOf(call: Call, name: string): { soft: bigint; hard: bigint } | null {
  const fd = call.target.entry("limits", abi.O_NONBLOCK);
  if (fd < 0) return null;
  const got = sys("pread64", fd, limits, limits.length, 0);
  close(fd);
  const text = limits.toString("latin1", 0, Math.max(got, 0));
  const line = new RegExp(`^${name} +(\\d+|unlimited) +(\\d+|unlimited) `, "m").exec(text);
  const [soft, hard] = (line ?? []).slice(1).map(limitOf);
  return soft === undefined || hard === undefined ? null : { soft, hard };
}

/** RLIM_INFINITY (getrlimit(2)). */
const UNLIMITED = 0xffff_ffff_ffff_ffffn;

function limitOf(word: string): bigint {
  return word === "unlimited" ? UNLIMITED : BigInt(word);
}

/** Never all ones, which means something else to an impersonator. */
export function softLimit(call: Call, name: string): bigint | null {
  const soft = limitsOf(call, name)?.soft ?? null;
  return soft === UNLIMITED ? UNLIMITED - 1n : soft;
}

/**
 * Whether the target may not make a file that long (RLIMIT_FSIZE, getrlimit(2)); the mediator's own
 * limit differs. SIGXFSZ is not sent.
 */
export function beyondFileSize(call: Call, length: bigint): boolean {
  if (length <= 0n) return false;
  const soft = softLimit(call, "Max file size");
  return soft === null || length > soft;
}
