import type { Membership } from "../../domains/membership.ts";
import { readProcStat } from "../../domains/proc-stat.ts";
import { HOST_RUNS, readRunRecord } from "../../domains/runs.ts";
import type { Plan } from "../../plan/plan.ts";
import { kinOf } from "../target/kin.ts";
import type { Lineage } from "./self-confined.ts";

/**
 * The processes of a supervised domain, recognised by their control groups, or without these by
 * their number of filters.
 */
export function lineageOf(plan: Plan, domainOf: (pid: number) => Membership): Lineage {
  return {
    read: readProcStat,
    bears(pid) {
      const kin = kinOf(pid);
      if (kin === null || kin.isInit) return false;
      const where = domainOf(pid);
      if (typeof where !== "string") return where.domain === plan.domain;
      return (
        plan.cgroup === null &&
        kin.filters > (kinOf(process.pid)?.filters ?? Number.POSITIVE_INFINITY)
      );
    },
    isFirst({ pid, start }) {
      const where = domainOf(pid);
      return (
        typeof where !== "string" &&
        where.run === pid &&
        readRunRecord(HOST_RUNS, pid)?.start === start
      );
    },
  };
}
