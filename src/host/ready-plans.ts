import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { hasCode } from "../kernel/errno-error.ts";
import { decodePlan } from "../plan/decode.ts";
import { PlanFormatError } from "../plan/format-error.ts";
import type { Plan } from "../plan/plan.ts";
import type { Places } from "./places.ts";

export interface ReadyPlan {
  readonly file: string;
  readonly plan: Plan;
}

/** Of every domain. */
export function everyReadyPlan(places: Pick<Places, "plans">): readonly ReadyPlan[] {
  return plansIn(places.plans, (name) => name.endsWith(".plan"));
}

/** One per set of variables and policy file with which the domain was started. */
export function readyPlans(places: Pick<Places, "plans">, domain: string): readonly ReadyPlan[] {
  const mayBe = (name: string) => name.startsWith(`${domain}-`) && name.endsWith(".plan");
  return plansIn(places.plans, mayBe).filter(({ plan }) => plan.domain === domain);
}

function plansIn(folder: string, isOne: (name: string) => boolean): readonly ReadyPlan[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter(isOne)
    .sort()
    .map((name) => join(folder, name))
    .flatMap((file) => readPlan(file) ?? []);
}

/**
 * null for a plan of another version of Cofferdam, or one that another start has just removed: no
 * start uses it any more.
 */
export function readPlan(file: string): ReadyPlan | null {
  try {
    return { file, plan: decodePlan(readFileSync(file)) };
  } catch (error) {
    if (error instanceof PlanFormatError || hasCode(error, "ENOENT")) return null;
    throw error;
  }
}
