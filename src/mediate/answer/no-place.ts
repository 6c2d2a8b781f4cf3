import type { Call } from "../calls/call.ts";
import { E } from "../sys/abi.ts";
import { shown } from "../sys/sys.ts";
import type { PathArgument, Walked } from "../walk/walk-context.ts";
import { error, type Outcome, unable } from "./outcome.ts";

export const OTHER_PROCFS = "a procfs that is not /proc";

/**
 * For a path at which a name was to be made, removed or changed, and which leads to no such place.
 * In a sealed domain the kernel reports the error itself.
 */
export function leaveNoPlace(
  call: Call,
  path: PathArgument,
  walked: Exclude<Walked, { kind: "place" }>,
): Outcome {
  return call.leave(noPlace(call, path, walked));
}

/**
 * The kernel's own error; otherwise a refusal, because the mediator cannot follow the path. ENOSYS
 * where the caller then falls back to another call ({@link Call.fallsBack}).
 */
export function noPlace(
  call: Call,
  path: PathArgument,
  walked: Exclude<Walked, { kind: "place" }>,
): Outcome {
  if (walked.kind === "error") return error(walked.errno);
  if (call.fallsBack) return error(E.NOSYS);
  return unable(E.ACCES, call.name, `${shown(path.text)} on ${fileSystem[walked.kind]}`);
}

const fileSystem: Readonly<Record<Exclude<Walked["kind"], "place" | "error">, string>> = {
  unknown: "a file system of another mount namespace",
  "other-procfs": OTHER_PROCFS,
  procfs: "procfs",
  object: "procfs",
  descriptor: "procfs",
};
