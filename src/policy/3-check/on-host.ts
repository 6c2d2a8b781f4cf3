import { diagnose } from "../../diagnostics/diagnose.ts";
import { type Report, startOf } from "../../diagnostics/diagnostic.ts";
import { AutomatonTooLarge } from "../../model/automaton/too-large.ts";
import { canonicalise } from "../../model/canonicalise.ts";
import type { Policy } from "../../model/policy.ts";
import type { Snapshot } from "../../model/snapshot.ts";

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
    return { ...policy, names: canonicalise(policy.names, snapshot).rules };
  } catch (error) {
    if (!(error instanceof AutomatonTooLarge)) throw error;
    const file = policy.names[0]?.source.file ?? policy.name;
    report(diagnose("too-many-names", startOf(file), { why: error.message }));
    return policy;
  }
}
