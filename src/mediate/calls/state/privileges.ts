import type { PrivilegeCall } from "../../../kernel/system-calls/call.ts";
import { BROKERED_GROUPS_MAX } from "../../../kernel/system-calls/privileges.ts";
import { CONTINUE, never, type Outcome } from "../../answer/outcome.ts";
import { E } from "../../sys/abi.ts";
import type { Call } from "../call.ts";
import { judgeCapability } from "./capability.ts";

/** struct timex (adjtimex(2)): `modes` is its first word; 0 only reads. */
const MODES_BYTES = 4;
/** syslog(2): read all, and the size of the buffer: the kernel's own setting decides who may. */
const OPEN_ACTIONS: ReadonlySet<number> = new Set([3, 10]);
const UNCHANGED = -1;

/**
 * A call that the kernel lets through for a capability. What counts is a register or not even
 * looked at, so that CONTINUE is safe.
 */
export function judgePrivilege(call: Call, row: PrivilegeCall): Outcome {
  if (call.name === "setgroups" && call.unsigned(0) > BROKERED_GROUPS_MAX)
    return tooManyGroups(call);
  return (needs(call, row) ? judgeCapability(call, row.capability) : null) ?? CONTINUE;
}

/** Whoever has them makes each of its calls wait for a long list to be read, and others with it. */
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

/** An id that the kernel lets the caller take without a capability (credentials(7)). */
function isOwn(call: Call, id: number): boolean {
  const { uid, effectiveUid, savedUid, fsuid, gid, effectiveGid, savedGid, fsgid } =
    call.target.credentials;
  const own = call.name.includes("gid")
    ? [gid, effectiveGid, savedGid, fsgid]
    : [uid, effectiveUid, savedUid, fsuid];
  return id === UNCHANGED || own.includes(id >>> 0);
}

/**
 * adjtimex, clock_adjtime. At enforcing it is not even looked at: whoever shares the memory, thread
 * or process, could change it before the kernel reads it. Where the target has no such capability
 * nothing hangs on that.
 */
function sets(call: Call): boolean {
  if (!call.rehearses) return true;
  const pointer = call.word(call.name === "adjtimex" ? 0 : 1);
  const modes = call.target.memory.read(pointer, MODES_BYTES).readUInt32LE(0);
  return modes !== 0;
}
