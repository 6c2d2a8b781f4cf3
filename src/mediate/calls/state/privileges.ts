import type { PrivilegeCall } from "../../../kernel/system-calls/call.ts";
import { BROKERED_GROUPS_MAX } from "../../../kernel/system-calls/privileges.ts";
import { judgeCapability } from "../../../kinds/capabilities/mediate.ts";
import { CONTINUE, never, type Outcome } from "../../answer/outcome.ts";
import { E } from "../../sys/abi.ts";
import type { Call } from "../call.ts";

/** struct timex (adjtimex(2)): `modes` is its first word, and 0 only reads. */
const MODES_BYTES = 4;
/** syslog(2): read all, and buffer size. The kernel's own setting decides about these. */
const OPEN_ACTIONS: ReadonlySet<number> = new Set([3, 10]);
const UNCHANGED = -1;

/**
 * The kernel allows the call by a capability. The decision rests on registers or on the call alone,
 * so CONTINUE is safe.
 */
export function judgePrivilege(call: Call, row: PrivilegeCall): Outcome {
  if (call.name === "setgroups" && call.unsigned(0) > BROKERED_GROUPS_MAX)
    return tooManyGroups(call);
  return (needs(call, row) ? judgeCapability(call, row.capability) : null) ?? CONTINUE;
}

/** Reading so many groups would delay each call of the process, and other domains with it. */
function tooManyGroups(call: Call): Outcome {
  const object = `${call.unsigned(0)} supplementary groups, more than ${BROKERED_GROUPS_MAX}`;
  return never(E.PERM, call.name, object);
}

function needs(call: Call, row: PrivilegeCall): boolean {
  switch (row.needed) {
    case "always":
      return true;
    case "ids":
      return (row.ids ?? []).some((register) => !isOwn(call, call.int(register)));
    case "some":
      return call.name === "syslog" ? !OPEN_ACTIONS.has(call.int(0)) : sets(call);
  }
}

/** Whether the kernel lets the caller take the id without a capability (credentials(7)). */
function isOwn(call: Call, id: number): boolean {
  const { uid, effectiveUid, savedUid, fsuid, gid, effectiveGid, savedGid, fsgid } =
    call.target.credentials;
  const own = call.name.includes("gid")
    ? [gid, effectiveGid, savedGid, fsgid]
    : [uid, effectiveUid, savedUid, fsuid];
  return id === UNCHANGED || own.includes(id >>> 0);
}

/**
 * Whether adjtimex or clock_adjtime sets something. At enforcing any such call counts as setting:
 * another thread or process that shares the memory could change it before the kernel reads it. That
 * does not matter for a target without the capability.
 */
function sets(call: Call): boolean {
  if (!call.rehearses) return true;
  const pointer = call.word(call.name === "adjtimex" ? 0 : 1);
  const modes = call.target.memory.read(pointer, MODES_BYTES).readUInt32LE(0);
  return modes !== 0;
}
