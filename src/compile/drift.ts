import { resolveLinks } from "../model/resolve-links.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Plan } from "../plan/plan.ts";

/** How the host has diverged from what a sealed domain's rules are placed on. */
export type DriftEntry =
  | {
      readonly kind: "replaced";
      readonly path: string;
      readonly planned: string;
      readonly now: string;
    }
  | { readonly kind: "gone"; readonly path: string; readonly planned: string }
  /** `now` is null where the links form a loop. */
  | {
      readonly kind: "moved";
      readonly written: string;
      readonly planned: string;
      readonly now: string | null;
    };

/**
 * Compares a plan's pinned inodes and resolved links with the host; empty when nothing has changed.
 */
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
