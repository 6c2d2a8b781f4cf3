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

/**
 * Every plan of a domain that lies ready, one for each set of variables and each policy file it was
 * started with.
 */
export function readyPlans(places: Pick<Places, "plans">, domain: string): readonly ReadyPlan[] {
  const folder = places.plans;
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith(`${domain}-`) && name.endsWith(".plan"))
    .sort()
    .map((name) => join(folder, name))
    .flatMap((file) => readPlan(file) ?? [])
    .filter(({ plan }) => plan.domain === domain);
}

/**
 * null for a plan of another version of Cofferdam, or one that another start has just removed:
 * nobody starts with it any more.
 */
export function readPlan(file: string): ReadyPlan | null {
  try {
    return { file, plan: decodePlan(readFileSync(file)) };
  } catch (error) {
    if (error instanceof PlanFormatError || hasCode(error, "ENOENT")) return null;
    throw error;
  }
}
