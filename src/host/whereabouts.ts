import { isMediatorProcess } from "../domains/mediator-process.ts";
import { domainOfProcess, type Member } from "../domains/membership.ts";
import { readProc } from "../domains/proc-stat.ts";

/** Where a process is that asks Cofferdam for something. */
export type Whereabouts =
  | { readonly kind: "outside" }
  | { readonly kind: "domain"; readonly member: Member }
  /** Acts for the processes of a domain. */
  | { readonly kind: "mediator" }
  /**
   * Without control groups a confined process cannot be recognised, but it has a seccomp filter.
   */
  | { readonly kind: "unknown" };

/** The process id counts only if it is still the caller's: check the pidfd afterwards. */
export function whereabouts(pid: number, runs: string): Whereabouts {
  const membership = domainOfProcess(pid, runs);
  if (typeof membership === "object") return { kind: "domain", member: membership };
  if (isMediatorProcess(pid)) return { kind: "mediator" };
  return membership === "unknown" && statusOf(pid, "Seccomp") !== "0"
    ? { kind: "unknown" }
    : { kind: "outside" };
}

/**
 * One value of `/proc/PID/status` (proc_pid_status(5)); null if it is missing, or the process is
 * gone.
 */
export function statusOf(pid: number, key: string): string | null {
  const text = readProc(`/proc/${pid}/status`);
  return text === null ? null : (new RegExp(`^${key}:\\t(.*)$`, "m").exec(text)?.[1] ?? null);
}
