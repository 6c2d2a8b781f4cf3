import { isMediatorProcess } from "../domains/mediator-process.ts";
import { domainOfProcess, type Member } from "../domains/membership.ts";
import { readProc } from "../domains/proc-stat.ts";
import { BpfError } from "../kernel/bpf/errors.ts";
import { domainInKernel } from "./kernel-members.ts";
import type { Places } from "./places.ts";

/** Where a process is that asks Cofferdam for something. */
export type Whereabouts =
  | { readonly kind: "outside" }
  /** Of either engine: by its control group, or by the kernel's label. The latter has no run. */
  | { readonly kind: "domain"; readonly member: Member }
  /** Acts for the processes of a domain. */
  | { readonly kind: "mediator" }
  /**
   * Without control groups a confined process cannot be recognised, but it has a seccomp filter. Or
   * the bpf-lsm engine is attached, and the kernel does not tell the label.
   */
  | { readonly kind: "unknown" };

/** The process id counts only if it is still the caller's: check the pidfd afterwards. */
export function whereabouts(
  pid: number,
  places: Pick<Places, "system">,
  askKernel = domainInKernel,
): Whereabouts {
  const membership = domainOfProcess(pid, places.system.runs);
  if (typeof membership === "object") return { kind: "domain", member: membership };
  const inKernel = unlessUntold(() => askKernel(places, pid));
  if (inKernel === "untold") return { kind: "unknown" };
  if (inKernel !== null) return { kind: "domain", member: { ...inKernel, run: null } };
  if (isMediatorProcess(pid)) return { kind: "mediator" };
  return membership === "unknown" && statusOf(pid, "Seccomp") !== "0"
    ? { kind: "unknown" }
    : { kind: "outside" };
}

function unlessUntold<T>(ask: () => T): T | "untold" {
  try {
    return ask();
  } catch (error) {
    if (error instanceof BpfError) return "untold";
    throw error;
  }
}

/**
 * One value of `/proc/PID/status` (proc_pid_status(5)); null if it is missing, or the process is
 * gone.
 */
export function statusOf(pid: number, key: string): string | null {
  const text = readProc(`/proc/${pid}/status`);
  return text === null ? null : (new RegExp(`^${key}:\\t(.*)$`, "m").exec(text)?.[1] ?? null);
}
