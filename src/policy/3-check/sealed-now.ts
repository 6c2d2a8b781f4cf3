import type { Policy } from "../../model/policy.ts";

/**
 * What only a sealed domain cannot have is an error where the domain would start sealed; at level
 * warning it starts supervised, and is told of what is to come.
 */
export function isSealedNow({ mediation, level }: Pick<Policy, "mediation" | "level">): boolean {
  return mediation === "sealed" && level !== "warning";
}
