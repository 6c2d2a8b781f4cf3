import { lstatSync, readFileSync } from "node:fs";
import { UPTIME_FILE } from "./layout.ts";
import type { Fact } from "./plan.ts";

/**
 * Whether a file on which the plan is based was replaced, removed, added or changed, or an
 * exception in it or its level has ended.
 */
export function isOutdated(facts: readonly Fact[]): boolean {
  return facts.some((fact) => {
    if (fact.kind === "until") return uptimeNow() >= fact.until;
    if (!("role" in fact) || fact.role !== "authority") return false;
    const now = lstatSync(fact.path, { bigint: true, throwIfNoEntry: false });
    if (fact.kind === "absent" || now === undefined)
      return (fact.kind === "absent") !== (now === undefined);
    return now.ctimeNs !== fact.ctimeNs || now.ino !== fact.ino || now.dev !== fact.dev;
  });
}

/** Milliseconds since boot, suspension included (CLOCK_BOOTTIME). */
export function uptimeNow(): number {
  return Number.parseFloat(readFileSync(UPTIME_FILE, "utf8")) * MS_PER_SECOND;
}

const MS_PER_SECOND = 1_000;
