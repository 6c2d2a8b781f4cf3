import { existsSync, readdirSync } from "node:fs";
import type { Places } from "./places.ts";
import { readyPlans } from "./ready-plans.ts";

/** A layer that a domain's ready plan does without, in whole or in part. */
export interface LostLayer {
  readonly domain: string;
  readonly layer: string;
  readonly state: "partial" | "lost";
  readonly detail: string;
}

/** What the caller's ready plans do without on this host. */
export function lostLayers(places: Places): readonly LostLayer[] {
  if (!existsSync(places.plans)) return [];
  const names = readdirSync(places.plans).map((name) => /^(.+)-[0-9a-f]{16}\.plan$/.exec(name)?.[1]);
  const domains = [...new Set(names.filter((name) => name !== undefined))].sort();
  const lost = domains.flatMap((domain) =>
    readyPlans(places, domain).flatMap(({ plan }) =>
      plan.mediation.report.layers.flatMap(({ name, state, detail }) =>
        state === "enforced" ? [] : [{ domain, layer: name, state, detail }],
      ),
    ),
  );
  return [...new Map(lost.map((one) => [JSON.stringify(one), one])).values()];
}
