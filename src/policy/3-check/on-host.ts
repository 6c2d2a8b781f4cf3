import { diagnose } from "../../diagnostics/diagnose.ts";
import { type Report, startOf } from "../../diagnostics/diagnostic.ts";
import { AutomatonTooLarge } from "../../model/automaton/too-large.ts";
import { type Canonicalised, canonicalise } from "../../model/canonicalise.ts";
import type { Policy } from "../../model/policy.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { spanOf } from "../2-resolve/rule-source.ts";

/**
 * Resolves the policy's names on this host: a grant on `/var/run` is one on `/run`, and is checked
 * as such. Rules keep their source. Without a snapshot, names stay as written.
 */
export function onHost(
  policy: Policy,
  snapshot: Snapshot | null | undefined,
  report: Report,
): Policy {
  if (!snapshot) return policy;
  try {
    const { rules, unfollowed } = canonicalise(policy.names, snapshot);
    sayUnfollowed(unfollowed, report);
    return { ...policy, names: rules };
  } catch (error) {
    if (!(error instanceof AutomatonTooLarge)) throw error;
    const file = policy.names[0]?.source.file ?? policy.name;
    report(diagnose("too-many-names", startOf(file), { why: error.message }));
    return policy;
  }
}

function sayUnfollowed(unfollowed: Canonicalised["unfollowed"], report: Report): void {
  for (const { rule, link, why } of unfollowed) {
    if (why !== "own" && why !== "foreign") continue;
    const who = why === "own" ? "the domain itself" : "another user";
    const values = { rule: rule.source.text, link, who };
    report(diagnose("link-not-followed", spanOf(rule.source), values));
  }
}
