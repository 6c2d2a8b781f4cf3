import { policyTag } from "../domains/identity.ts";
import { keepsEarlierPolicy, type Run } from "../domains/runs.ts";
import { load } from "./load.ts";
import type { Places } from "./places.ts";

/**
 * The caller's runs whose policy differs from their domain's present file, by the digest on their
 * record. An unusable file says nothing.
 */
export function runsOnEarlierPolicies(places: Places, runs: readonly Run[]): readonly Run[] {
  const tags = new Map<string, string | null>();
  const tagNow = (name: string): string | null => {
    const known = tags.get(name);
    if (known !== undefined) return known;
    const { policy } = load(places, { name });
    const tag = policy === null ? null : policyTag(policy);
    tags.set(name, tag);
    return tag;
  };
  const uid = process.geteuid?.();
  return runs.filter(
    (run) => run.owner === uid && keepsEarlierPolicy(run, () => tagNow(run.domain)),
  );
}
