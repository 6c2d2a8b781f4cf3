import { withDescendants, withItsOwn } from "../domains/descendants.ts";
import { readProc, readProcStat } from "../domains/proc-stat.ts";
import { HostError } from "./host-error.ts";
import { AGENT } from "./kept-outside.ts";
import { unitOfGroups } from "./units/unit-groups.ts";

/** What an administrator's command puts into a domain, and what it leaves outside. */
export interface Adoptees {
  /**
   * The processes that were named, with their descendants in their control groups, but for
   * {@link Adoptees.callers}.
   */
  readonly processes: readonly number[];
  /** Those of them that are the caller's: {@link callersOwn}. */
  readonly callers: readonly number[];
  /** Further descendants, in other control groups: sessions that a daemon has begun. */
  readonly elsewhere: readonly number[];
}

/** @throws HostError for what is never in a domain */
export function requireAdoptable(process: number): void {
  const stat = readProcStat(process);
  if (stat === null) throw new HostError(`there is no process ${process}`, "see cofferdam ps -Z");
  if (process === 1 || stat.kernel)
    throw new HostError(
      `process ${process} is ${process === 1 ? "the host's first one" : "a kernel thread"}`,
      "adopt the processes of a daemon",
    );
  if (unitOf(process) === AGENT)
    throw new HostError(
      `process ${process} is in ${AGENT}, which is in no domain`,
      "adopt the processes of a daemon",
    );
}

/**
 * Of processes that the caller has named one by one.
 * @throws HostError if one of them is the caller's own
 */
export function requireOthers(processes: readonly number[], caller = process.pid): void {
  const own = callersOwn(caller);
  const found = processes.find((one) => own.has(one));
  if (found !== undefined)
    throw new HostError(
      found === caller
        ? `process ${found} is this command itself`
        : `this command was started from process ${found}, which stays outside`,
      `name the daemon's processes alone, or ${FROM_ELSEWHERE}`,
    );
}

/** For an administrator who wants these adopted, too. The new service is a child of process 1. */
export const FROM_ELSEWHERE =
  "start this command from elsewhere: systemd-run --pipe --wait cofferdam adopt ...";

/**
 * The caller and its ancestors: its shell, and sudo. In a domain they would be refused what the
 * administrator does next, such as `agent --unpin`. The daemon of a service that the caller is not
 * in is none of them, although sshd is an ancestor of whoever has logged in by it.
 */
export function callersOwn(caller = process.pid): ReadonlySet<number> {
  const service = serviceOf(caller);
  const own = new Set([caller]);
  const seen = new Set([caller]);
  for (let at = parentOf(caller); at > 1 && !seen.has(at); at = parentOf(at)) {
    seen.add(at);
    const other = serviceOf(at);
    if (other === null || other === service) own.add(at);
  }
  return own;
}

function parentOf(process: number): number {
  return readProcStat(process)?.parent ?? 0;
}

/** null for none of the host's: a user's own services are part of the user's session. */
function serviceOf(process: number): string | null {
  const unit = unitOf(process);
  return unit?.startsWith("user@") === true ? null : unit;
}

function unitOf(process: number): string | null {
  return unitOfGroups(readProc(`/proc/${process}/cgroup`) ?? "");
}

/** As they are now: each may fork meanwhile. */
export function adopteesOf(
  named: readonly number[],
  own: ReadonlySet<number> = callersOwn(),
): Adoptees {
  const found = [...new Set(named.flatMap(withItsOwn))];
  const processes = found.filter((one) => !own.has(one));
  const here = new Set(found);
  const further = new Set(named.flatMap((one) => withDescendants(one)));
  return {
    processes,
    callers: found.filter((one) => own.has(one)),
    elsewhere: [...further].filter((one) => !here.has(one)),
  };
}
