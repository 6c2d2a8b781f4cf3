import type { Policy } from "../../model/policy.ts";

/**
 * A rule that no sealed domain can have is an error if the domain would start sealed. At level
 * warning it starts supervised, and gets a warning about its later start.
 */
export function isSealedNow({ mediation, level }: Pick<Policy, "mediation" | "level">): boolean {
  return mediation === "sealed" && level !== "warning";
}
