import type { Level } from "./level.ts";
import type { Source } from "./rule.ts";

/** The answer of the reference monitor, before the level is applied. */
export type Decision =
  | { readonly outcome: "granted"; readonly by: Source }
  | { readonly outcome: "denied"; readonly by: Source; readonly reason: "rule" }
  | { readonly outcome: "denied"; readonly by: null; readonly reason: DenialReason };

/**
 * `no-rule`: no grant names it. `gain`: a rename or link would give the object rights it did not
 * have. `late-name`: the pattern matches, but the sealed domain's snapshot lacks that name and
 * inode. `own-object`: it belongs to Cofferdam. `never`: no domain is given it, whatever its rules.
 */
export type DenialReason = "no-rule" | "gain" | "late-name" | "own-object" | "never";

export type Answer = "allow" | "allow-and-log" | "deny-and-log";

export function answer(level: Level, decision: Decision): Answer {
  if (decision.outcome === "granted") return "allow";
  if (level === "enforcing" || decision.reason === "own-object") return "deny-and-log";
  return level === "warning" ? "allow-and-log" : "allow";
}
