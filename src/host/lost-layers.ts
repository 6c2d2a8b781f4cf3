import { existsSync } from "node:fs";
import type { Run } from "../domains/runs.ts";
import type { Places } from "./places.ts";
import { readyPlans } from "./ready-plans.ts";

/** In whole or in part. */
export interface LostLayer {
  readonly domain: string;
  readonly layer: string;
  readonly state: "partial" | "lost";
  readonly detail: string;
}

/**
 * Of domains that run at level enforcing, by the ready plans that they may have been started with.
 */
export function lostLayers(places: Places, runs: readonly Run[]): readonly LostLayer[] {
  if (!existsSync(places.plans)) return [];
  const held = runs.filter(({ level, mode }) => level === "enforcing" || mode === "supervised");
  const domains = [...new Set(held.map(({ domain }) => domain))].sort();
  const lost = domains.flatMap((domain) => {
    const modes = new Set(held.filter((run) => run.domain === domain).map(({ mode }) => mode));
    const plans = readyPlans(places, domain).filter(
      ({ plan }) => plan.level === "enforcing" && modes.has(plan.mode),
    );
    return plans.flatMap(({ plan }) =>
      plan.mediation.report.layers.flatMap(({ name, state, detail }) =>
        state === "enforced" ? [] : [{ domain, layer: name, state, detail }],
      ),
    );
  });
  return [...new Map(lost.map((one) => [JSON.stringify(one), one])).values()];
}
