import {
  __X32_SYSCALL_BIT,
  CLONE_PARENT,
  PR_SET_CHILD_SUBREAPER,
} from "../../../kernel/constants.ts";
import { unlessSettled } from "../../answer/settled.ts";
import type { Broker } from "../../domain/broker.ts";
import type { Call } from "../call.ts";

/**
 * Records calls that decide which processes have a confinement of their own (`self-confined.ts`),
 * at every level, before the call is answered.
 */
export function noteConfinement(call: Call): void {
  const isNoted = unlessSettled(() => note(call)) ?? false;
  if (!isNoted) call.broker.selfConfined.believeNoLine();
}

/** Always returns true: a thread that cannot be examined settles the call instead. */
function note(call: Call): true {
  const { selfConfined } = call.broker;
  const process = () => call.target.credentials.tgid;
  if (CONFINES.has(call.name)) selfConfined.mark(process());
  else if (call.name === "prctl" && adoptsOrphans(call)) selfConfined.adopts(process());
  else if (mayBearForParent(call)) selfConfined.bearsForParent(process());
  return true;
}

const CONFINES: ReadonlySet<string> = new Set(["landlock_restrict_self", "lsm_set_self_attr"]);

/** PR_SET_CHILD_SUBREAPER, whatever value is set. */
export function adoptsOrphans(call: Call): boolean {
  return call.unsigned(0) === PR_SET_CHILD_SUBREAPER;
}

/** At enforcing neither call goes on. The flags of clone3 lie in memory, so any clone3 counts. */
function mayBearForParent(call: Call): boolean {
  if (call.level === "enforcing") return false;
  return (
    call.name === "clone3" || (call.name === "clone" && (call.unsigned(0) & CLONE_PARENT) !== 0)
  );
}

/**
 * Numbers of the calls that confine, in other architectures. landlock_restrict_self and
 * lsm_set_self_attr have one number everywhere; prctl and clone have one on i386 and one on x32;
 * clone3 has one.
 */
const FOREIGN_CONFINES: ReadonlySet<number> = new Set([446, 460]);
const FOREIGN_PRCTL: ReadonlySet<number> = new Set([172, 157]);
const FOREIGN_CLONE: ReadonlySet<number> = new Set([120, 56, 435]);

/**
 * Records a call that the level lets go on although it is of another architecture, or of a thread
 * that cannot be examined (`tid` 0). It counts as the worst that its number could mean.
 */
export function noteForeign(
  { descriptorTables, selfConfined, threads }: Broker,
  number: number,
  tid: number,
): void {
  const process = (tid === 0 ? null : threads.processOf(tid)) ?? 0;
  const call = number & ~__X32_SYSCALL_BIT;
  if (FOREIGN_CONFINES.has(call)) selfConfined.mark(process);
  else if (FOREIGN_PRCTL.has(call)) selfConfined.adopts(process);
  else if (FOREIGN_CLONE.has(call)) {
    selfConfined.bearsForParent(process);
    descriptorTables.share();
  }
}
