import { resolveLinks } from "../model/resolve-links.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Plan } from "../plan/plan.ts";

/** How the host has changed since a sealed domain's rules were placed on its inodes. */
export type DriftEntry =
  | {
      readonly kind: "replaced";
      readonly path: string;
      readonly planned: string;
      readonly now: string;
    }
  | { readonly kind: "gone"; readonly path: string; readonly planned: string }
  /** `now` is null if the links form a loop. */
  | {
      readonly kind: "moved";
      readonly written: string;
      readonly planned: string;
      readonly now: string | null;
    };

/** Empty if the plan's pinned inodes and resolved links still match the host. */
export function drift(plan: Plan, snapshot: Snapshot): DriftEntry[] {
  const { pinned, resolved } = plan.mediation.report;
  const inodes = pinned.flatMap(({ path, inode }): DriftEntry[] => {
    const now = snapshot.lookup(path)?.inode ?? null;
    if (now === null) return [{ kind: "gone", path, planned: inode }];
    return now === inode ? [] : [{ kind: "replaced", path, planned: inode, now }];
  });
  const links = resolved.flatMap(({ written, canonical }): DriftEntry[] => {
    const now = resolveLinks(written, snapshot);
    return now === canonical ? [] : [{ kind: "moved", written, planned: canonical, now }];
  });
  return [...inodes, ...links];
}
