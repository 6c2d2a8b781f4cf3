import { decide } from "../../../model/decide.ts";
import type { PermissionName, PermissionSet } from "../../../model/permission.ts";
import { denyName } from "../../answer/deny.ts";
import { type Answer, goesOn, type Outcome } from "../../answer/outcome.ts";
import { belongsToCofferdam } from "../../answer/warned.ts";
import { type Bytes, shown } from "../../sys/sys.ts";
import type { Call } from "../call.ts";
import { allMissing } from "./open-arguments.ts";

/** The refusal of all of `wanted` that the policy does not grant on this name; null if none is. */
export function lacking(
  call: Call,
  name: Bytes,
  wanted: readonly PermissionName[],
): Outcome | null {
  const self = asSelf(call, name);
  if (self !== null) return lackingOfOwn(call, name, self, wanted);
  return lackingOf(call, name, call.broker.grants.of(name), wanted);
}

/** The same where `granted` is what the policy grants. */
export function lackingOf(
  call: Call,
  name: Bytes,
  granted: PermissionSet,
  wanted: readonly PermissionName[],
): Outcome | null {
  return refusalOf(call, name, allMissing(granted, wanted));
}

/**
 * An entry of the caller's own /proc folder has two names for the same object. A rule may use
 * either, and a denial of either counts.
 */
function lackingOfOwn(
  call: Call,
  name: Bytes,
  self: Bytes,
  wanted: readonly PermissionName[],
): Outcome | null {
  const refused = wanted.filter((operation) => {
    const answers = [self, name].map((path) =>
      decide(call.broker.policy, { class: "name", operation, path: shown(path) }),
    );
    const isDenied = answers.some(
      (answer) => answer.outcome === "denied" && answer.reason !== "no-rule",
    );
    return isDenied || !answers.some(({ outcome }) => outcome === "granted");
  });
  return refusalOf(call, self, refused);
}

/**
 * One event for each permission, so that whoever grants what is told has granted all of it. At
 * level warning a refusal that protects one of Cofferdam's own objects holds, and stands alone.
 */
function refusalOf(call: Call, name: Bytes, operations: readonly PermissionName[]): Outcome | null {
  if (operations.length === 0) return null;
  const path = shown(name);
  const isOwn = (operation: PermissionName): boolean =>
    belongsToCofferdam(call, { class: "name", operation, path });
  const own = call.rehearses ? operations.find(isOwn) : undefined;
  if (own !== undefined) return denyName(own, name);
  const refusals = operations.map((operation) => denyName(operation, name));
  const last = refusals.pop();
  if (last === undefined || refusals.length === 0) return last ?? null;
  const verdict = call.rehearses ? "warning" : "denied";
  return refusals.reduceRight<Answer>(
    (answer, { refusal }) => ({ kind: "reported", verdict, refusal, answer }),
    call.rehearses ? goesOn(last.refusal) : last,
  );
}

/** Returns `/proc/self/stat` for the caller's `/proc/4711/stat`. */
function asSelf(call: Call, name: Bytes): Bytes | null {
  const own = `/proc/${call.target.credentials.tgid}`;
  return name === own || name.startsWith(`${own}/`) ? `/proc/self${name.slice(own.length)}` : null;
}
