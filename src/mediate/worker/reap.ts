import { WNOHANG } from "../../kernel/constants.ts";
import { sys } from "../sys/sys.ts";

/** Takes the status of workers that have ended. */
export function reap(): void {
  while (sys("wait4", -1, null, WNOHANG, null) > 0);
}

/** A child that has not ended; false also where {@link reap} has its status already. */
export function isThere(pid: number): boolean {
  return sys("wait4", pid, null, WNOHANG, null) === 0;
}
