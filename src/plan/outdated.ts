import { lstatSync } from "node:fs";
import type { Fact } from "./plan.ts";

/** A file that the plan follows from is another one now, is gone, came, or has changed. */
export function isOutdated(facts: readonly Fact[]): boolean {
  return facts.some((fact) => {
    if (!("role" in fact) || fact.role !== "authority") return false;
    const now = lstatSync(fact.path, { bigint: true, throwIfNoEntry: false });
    if (fact.kind === "absent" || now === undefined)
      return (fact.kind === "absent") !== (now === undefined);
    return now.ctimeNs !== fact.ctimeNs || now.ino !== fact.ino || now.dev !== fact.dev;
  });
}
