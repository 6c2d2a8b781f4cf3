import type { Call } from "../calls/call.ts";
import { E } from "../sys/abi.ts";
import { shown } from "../sys/sys.ts";
import type { PathArgument, Walked } from "../walk/walk-context.ts";
import { error, type Outcome, unable } from "./outcome.ts";

export const OTHER_PROCFS = "a procfs that is not /proc";

/**
 * A path at which a name was to be made, removed or changed leads to no place where that could be:
 * a sealed domain's kernel says so itself.
 */
export function leaveNoPlace(
  call: Call,
  path: PathArgument,
  walked: Exclude<Walked, { kind: "place" }>,
): Outcome {
  return call.leave(noPlace(call, path, walked));
}

/**
 * The kernel's own error; else a refusal, since the mediator cannot follow, or ENOSYS where the
 * caller then asks by another call ({@link Call.fallsBack}).
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
