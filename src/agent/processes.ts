import { readdirSync } from "node:fs";
import { domainOfProcess } from "../domains/membership.ts";

/** By control group. */
export function countProcesses(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const member = domainOfProcess(Number(name));
    if (typeof member === "object") counts.set(member.domain, (counts.get(member.domain) ?? 0) + 1);
  }
  return counts;
}
