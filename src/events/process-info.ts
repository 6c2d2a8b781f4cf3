import { readFileSync, readlinkSync } from "node:fs";
import { unlessGone } from "../kernel/unless-gone.ts";
import type { EventProcess } from "./event.ts";

/**
 * From /proc, now; null for what it no longer has. The pid may belong to another process meanwhile.
 */
export function readProcess(pid: number): EventProcess {
  return { pid, uid: readUid(pid), comm: readComm(pid), executable: readExecutable(pid) };
}

function readComm(pid: number): string | null {
  return unlessGone(() => readFileSync(`/proc/${pid}/comm`, "utf8").replace(/\n$/, ""));
}

function readExecutable(pid: number): string | null {
  return unlessGone(() => readlinkSync(`/proc/${pid}/exe`));
}

/** The effective user id: second number of the `Uid:` line (proc_pid_status(5)). */
function readUid(pid: number): number | null {
  const status = unlessGone(() => readFileSync(`/proc/${pid}/status`, "utf8"));
  const uid = status === null ? undefined : /^Uid:\t\d+\t(\d+)/m.exec(status)?.[1];
  return uid === undefined ? null : Number(uid);
}
