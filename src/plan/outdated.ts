import { lstatSync } from "node:fs";
import type { Fact } from "./plan.ts";

/** Whether a file on which the plan is based was replaced, removed, added or changed. */
export function isOutdated(facts: readonly Fact[]): boolean {
  return facts.some((fact) => {
    if (!("role" in fact) || fact.role !== "authority") return false;
    const now = lstatSync(fact.path, { bigint: true, throwIfNoEntry: false });
    if (fact.kind === "absent" || now === undefined)
      return (fact.kind === "absent") !== (now === undefined);
    return now.ctimeNs !== fact.ctimeNs || now.ino !== fact.ino || now.dev !== fact.dev;
  });
}
