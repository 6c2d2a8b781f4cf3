import { readFileSync } from "node:fs";

/** From /proc/PID/status (proc_pid_status(5)). */
export interface Kin {
  readonly process: number;
  readonly parent: number;
  /** A child has at least its parent's seccomp filters. */
  readonly filters: number;
  readonly isInit: boolean;
}

/** null for a process that is gone. */
export function kinOf(pid: number): Kin | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/status`, "latin1");
  } catch {
    return null;
  }
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\t(\\d+)`, "m").exec(text)?.[1] ?? 0);
  const isInit = /^NSpid:.*\t1$/m.test(text);
  return {
    process: field("Tgid"),
    parent: field("PPid"),
    filters: field("Seccomp_filters"),
    isInit,
  };
}
