import { readFileSync, readlinkSync } from "node:fs";
import { hasCode } from "../kernel/errno-error.ts";
import type { EventProcess } from "./event.ts";

/** What /proc says of a process now; null for whatever it no longer says. A pid may have been given to another process meanwhile. */
export function readProcess(pid: number): EventProcess {
  return { pid, uid: readUid(pid), comm: readComm(pid), executable: readExecutable(pid) };
}

function readComm(pid: number): string | null {
  return ifThere(() => readFileSync(`/proc/${pid}/comm`, "utf8").replace(/\n$/, ""));
}

function readExecutable(pid: number): string | null {
  return ifThere(() => readlinkSync(`/proc/${pid}/exe`));
}

/** The effective user id: second number of the `Uid:` line (proc_pid_status(5)). */
function readUid(pid: number): number | null {
  const status = ifThere(() => readFileSync(`/proc/${pid}/status`, "utf8"));
  const uid = status === null ? undefined : /^Uid:\t\d+\t(\d+)/m.exec(status)?.[1];
  return uid === undefined ? null : Number(uid);
}

/** Gone (ENOENT, ESRCH) and hidden (EACCES, EPERM) processes are answers, everything else is an error. */
function ifThere<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (hasCode(error, "ENOENT", "ESRCH", "EACCES", "EPERM")) return null;
    throw error;
  }
}
