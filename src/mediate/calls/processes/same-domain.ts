import { ANCESTORS_MAX } from "../../limits.ts";
import { type Kin, kinOf } from "../../target/kin.ts";
import type { Call } from "../call.ts";

/** Tells by control group or else by descent. `pid` may be a thread's number. */
export function inSameDomain(call: Call, pid: number): boolean {
  if (pid === call.target.credentials.tgid) return true;
  const where = call.broker.domainOf(pid);
  if (typeof where !== "string") return where.domain === call.broker.plan.domain;
  return call.broker.plan.cgroup === null && isKin(call, pid);
}

/** As a policy's `signals` spells it. */
export function domainName(call: Call, pid: number): string {
  const where = call.broker.domainOf(pid);
  return typeof where === "string" ? where : where.domain;
}

/**
 * Without control groups: both processes descend from one process that has more seccomp filters
 * than the mediator, and so has every process in between. That process can only be the domain's
 * first or a descendant of it. An orphan, adopted by the host's init, counts as outside.
 */
function isKin(call: Call, pid: number): boolean {
  const filters = kinOf(process.pid)?.filters ?? Number.POSITIVE_INFINITY;
  const confined = (kin: Kin | null): kin is Kin => kin !== null && kin.filters > filters;
  const line = (start: number): number[] => {
    const found: number[] = [];
    let kin = kinOf(start);
    while (confined(kin) && found.length < ANCESTORS_MAX) {
      found.push(kin.process);
      kin = kinOf(kin.parent);
    }
    return found;
  };
  const own = new Set(line(call.target.credentials.tgid));
  return line(pid).some((ancestor) => own.has(ancestor));
}
