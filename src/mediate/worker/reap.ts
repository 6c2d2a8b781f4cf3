import { WNOHANG } from "../../kernel/constants.ts";
import { sys } from "../sys/sys.ts";

/** Collects the status of workers that have ended. */
export function reap(): void {
  while (sys("wait4", -1, null, WNOHANG, null) > 0);
}

/** False also if {@link reap} has collected the child's status. */
export function isThere(pid: number): boolean {
  return sys("wait4", pid, null, WNOHANG, null) === 0;
}
