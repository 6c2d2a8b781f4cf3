import type { Call } from "../calls/call.ts";
import { E } from "../sys/abi.ts";
import { type Bytes, type Stat, shown } from "../sys/sys.ts";
import type { PathArgument, Walked } from "../walk/walk-context.ts";
import { error, type Outcome, unable } from "./outcome.ts";

export const OTHER_PROCFS = "a procfs that is not /proc";

/**
 * For a path that should name an entry to make, remove or change, but does not. In a sealed domain
 * the kernel reports the error itself.
 */
export function leaveNoPlace(
  call: Call,
  path: PathArgument,
  walked: Exclude<Walked, { kind: "place" }>,
): Outcome {
  return call.leave(noPlace(call, path, walked));
}

/**
 * The kernel's own error, or a refusal if the mediator cannot follow the path. ENOSYS if the caller
 * then falls back to another call ({@link Call.fallsBack}).
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

/**
 * Refuses an object that the target reaches by a descriptor, on a mount that is not among its
 * domain's: the kernel's name for it means nothing to the policy. null for every other object.
 */
export function namedElsewhere(call: Call, { mount }: Stat, name: Bytes): Outcome | null {
  if (call.broker.mounts.has(mount)) return null;
  return unable(E.ACCES, call.name, `${shown(name)} on ${fileSystem.unknown}`);
}

const fileSystem: Readonly<Record<Exclude<Walked["kind"], "place" | "error">, string>> = {
  unknown: "a file system of another mount namespace",
  "other-procfs": OTHER_PROCFS,
  procfs: "procfs",
  object: "procfs",
  descriptor: "procfs",
};
