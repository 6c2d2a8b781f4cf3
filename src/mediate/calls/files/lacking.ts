import { decide } from "../../../model/decide.ts";
import type { PermissionName } from "../../../model/permission.ts";
import { denyName } from "../../answer/deny.ts";
import type { Outcome } from "../../answer/outcome.ts";
import { belongsToCofferdam } from "../../answer/warned.ts";
import { type Bytes, shown } from "../../sys/sys.ts";
import type { Call } from "../call.ts";
import { missing } from "./open-arguments.ts";

/**
 * The refusal of the first of `wanted` that the policy does not grant on this name; null where it
 * grants all. At level warning a refusal that protects Cofferdam's own objects comes first, because
 * it holds even there.
 */
export function lacking(
  call: Call,
  name: Bytes,
  wanted: readonly PermissionName[],
): Outcome | null {
  const self = asSelf(call, name);
  if (self !== null) return lackingOfOwn(call, name, self, wanted);
  const granted = call.broker.grants.of(name);
  const first = missing(granted, wanted);
  if (first === null) return null;
  const path = shown(name);
  const isOwn = (operation: PermissionName): boolean =>
    missing(granted, [operation]) !== null &&
    belongsToCofferdam(call, { class: "name", operation, path });
  return denyName((call.rehearses ? wanted.find(isOwn) : undefined) ?? first, name);
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
  for (const operation of wanted) {
    const answers = [self, name].map((path) =>
      decide(call.broker.policy, { class: "name", operation, path: shown(path) }),
    );
    const refused = answers.some(
      (answer) => answer.outcome === "denied" && answer.reason !== "no-rule",
    );
    const granted = answers.some(({ outcome }) => outcome === "granted");
    if (refused || !granted) return denyName(operation, self);
  }
  return null;
}

/** Returns `/proc/self/stat` for the caller's `/proc/4711/stat`. */
function asSelf(call: Call, name: Bytes): Bytes | null {
  const own = `/proc/${call.target.credentials.tgid}`;
  return name === own || name.startsWith(`${own}/`) ? `/proc/self${name.slice(own.length)}` : null;
}
