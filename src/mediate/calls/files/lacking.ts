import type { PermissionName, PermissionSet } from "../../../model/permission.ts";
import { denyName } from "../../answer/deny.ts";
import { CONTINUE, type Outcome, type Refused, telling } from "../../answer/outcome.ts";
import { isOwn } from "../../answer/warned.ts";
import { type Bytes, shown } from "../../sys/sys.ts";
import type { Call } from "../call.ts";
import { allMissing, setOf } from "./open-arguments.ts";

/**
 * The refusal of all of `wanted` that the policy does not grant on this name; null if all are
 * granted.
 */
export function lacking(
  call: Call,
  name: Bytes,
  wanted: readonly PermissionName[],
): Outcome | null {
  const self = asSelf(call, name);
  if (self !== null) return lackingOfOwn(call, name, self, wanted);
  return lackingOf(call, name, call.broker.grants.of(name, setOf(wanted)), wanted);
}

export function lackingOf(
  call: Call,
  name: Bytes,
  granted: PermissionSet,
  wanted: readonly PermissionName[],
): Outcome | null {
  return refusalOf(call, name, allMissing(granted, wanted));
}

/** A refusal for each of `wanted` that the policy does not grant on this name. */
export function eachLacking(
  call: Call,
  name: Bytes,
  wanted: readonly PermissionName[],
): readonly Refused[] {
  return denyEach(name, allMissing(call.broker.grants.of(name, setOf(wanted)), wanted));
}

/**
 * An entry of the caller's own /proc folder has two names. A rule may grant or deny it by either.
 */
function lackingOfOwn(
  call: Call,
  name: Bytes,
  self: Bytes,
  wanted: readonly PermissionName[],
): Outcome | null {
  const refused = wanted.filter((operation) => {
    const answers = [self, name].map((path) =>
      call.broker.decide({ class: "name", operation, path: shown(path) }),
    );
    const isDenied = answers.some(
      (answer) => answer.outcome === "denied" && answer.reason !== "no-rule",
    );
    return isDenied || !answers.some(({ outcome }) => outcome === "granted");
  });
  return refusalOf(call, self, refused);
}

function refusalOf(call: Call, name: Bytes, operations: readonly PermissionName[]): Outcome | null {
  return refuseAll(call, denyEach(name, operations));
}

function denyEach(name: Bytes, operations: readonly PermissionName[]): readonly Refused[] {
  return operations.map((operation) => denyName(operation, name));
}

/**
 * One event per permission, so that the proposed lines together grant the call. At level warning a
 * refusal that protects one of Cofferdam's own objects holds, and stands alone.
 */
export function refuseAll(call: Call, denied: readonly Refused[]): Outcome | null {
  const last = denied.at(-1);
  // At level warning `warned()` judges a refusal that stands alone.
  if (last === undefined || denied.length === 1) return last ?? null;
  const refusals = denied.map(({ refusal }) => refusal);
  if (!call.rehearses) return telling("denied", refusals.slice(0, -1), last);
  const own = denied.find(({ refusal }) => isOwn(call, refusal));
  return own ?? telling("warning", refusals, CONTINUE);
}

/** Returns `/proc/self/stat` for the caller's `/proc/4711/stat`. */
function asSelf(call: Call, name: Bytes): Bytes | null {
  const own = `/proc/${call.target.credentials.tgid}`;
  return name === own || name.startsWith(`${own}/`) ? `/proc/self${name.slice(own.length)}` : null;
}
