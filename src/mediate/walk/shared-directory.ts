import { readFileSync } from "node:fs";
import { WRITABLE_BY_OTHERS } from "../../base/modes.ts";
import type { Call } from "../calls/call.ts";
import { abi } from "../sys/abi.ts";
import type { Place } from "./place.ts";

/**
 * proc_sys_fs(5) protected_regular and protected_fifos: in a sticky directory that others may
 * write, O_CREAT opens no file of another user.
 */
export function inSharedDirectory(call: Call, place: Place): boolean {
  const walked = call.walk({ text: ".", start: place.directory }, "never");
  if (walked.kind !== "place" || walked.place.object === null || place.object === null) return true;
  const { mode, uid } = walked.place.object.stat;
  const owner = place.object.stat.uid;
  return (
    (mode & abi.S_ISVTX) !== 0 &&
    (mode & WRITABLE_BY_OTHERS) !== 0 &&
    owner !== call.target.credentials.fsuid &&
    owner !== uid
  );
}

const known = new Map<string, boolean>();

/** Read once. A setting that cannot be read counts as enabled. */
export function protects(kind: "protected_regular" | "protected_fifos"): boolean {
  const read = known.get(kind);
  if (read !== undefined) return read;
  const value = setting(kind) !== "0";
  known.set(kind, value);
  return value;
}

function setting(kind: string): string | null {
  try {
    return readFileSync(`/proc/sys/fs/${kind}`, "latin1").trim();
  } catch {
    return null;
  }
}
