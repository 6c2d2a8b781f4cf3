import { lstatSync } from "node:fs";
import { release, version } from "node:os";
import { readCaller } from "../kernel/probe/caller.ts";
import type { Places } from "./places.ts";
import { type Preparing, preparePlan } from "./prepare-plan.ts";
import { everyReadyPlan, type ReadyPlan } from "./ready-plans.ts";

/** A ready plan, and whether the next start could use it. */
export interface RenewedPlan {
  readonly domain: string;
  readonly file: string;
  /**
   * `valid`: it lay ready as it is. `left`: it is made at the start, for another caller, kernel or
   * view of the host than this one.
   */
  readonly outcome: "valid" | "renewed" | "left" | "failed";
  /** With `failed`: what the compiler says. */
  readonly why: string | null;
}

/**
 * Has the launcher compare each ready plan with the host, and make those anew that no start would
 * use any more. The launcher decides, as at a start; nothing is started.
 */
export async function renewPlans(places: Places): Promise<readonly RenewedPlan[]> {
  const renewed: RenewedPlan[] = [];
  for (const ready of everyReadyPlan(places)) renewed.push(await renew(places, ready));
  return renewed;
}

async function renew(places: Places, { file, plan }: ReadyPlan): Promise<RenewedPlan> {
  const { domain } = plan;
  const start = plan.facts.find((fact) => fact.kind === "start");
  const asked = start === undefined ? null : preparing(start.text, domain, places.asRoot);
  if (asked === null) return { domain, file, outcome: "left", why: null };
  const before = identityOf(file);
  const said = await preparePlan(places, asked);
  if (said !== null) return { domain, file, outcome: "failed", why: said.trim() };
  const outcome = identityOf(file) === before ? "valid" : "renewed";
  return { domain, file, outcome, why: null };
}

/**
 * The launcher's words that make the plan of this start (`places_start` in native/places.c). null
 * if this process cannot stand for its caller.
 */
function preparing(start: string, domain: string, asRoot: boolean): Preparing | null {
  const [kernel, built, caller = "", , policy = "", ...more] = wordsOf(start);
  const [uid, gid, capabilities = ""] = caller.split(" ");
  if (kernel !== release() || built !== version() || !/^[0-9a-f]{1,16}$/.test(capabilities))
    return null;
  const own = readCaller();
  const lacking = BigInt(`0x${capabilities}`) & ~own.capabilities;
  if (Number(uid) !== own.uid || Number(gid) !== own.gid || lacking !== 0n) return null;
  // An ordinary user's start names two places beside.
  const given = asRoot ? more : more.slice(2);
  // Such a plan is made for what the unit's processes see, when the unit starts.
  if (given.includes("--mounts")) return null;
  const what = policy === "" ? [domain] : ["--policy", policy];
  return { capabilities, words: [...given, ...what] };
}

/** Each word stands behind its length in bytes and a colon. */
function wordsOf(start: string): readonly string[] {
  const bytes = Buffer.from(start);
  const words: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const colon = bytes.indexOf(":", at);
    const end = colon + 1 + Number(bytes.toString("latin1", at, colon));
    if (colon < 0 || !(end > colon)) return words;
    words.push(bytes.toString("utf8", colon + 1, end));
    at = end;
  }
  return words;
}

function identityOf(file: string): string {
  const now = lstatSync(file, { bigint: true, throwIfNoEntry: false });
  return now === undefined ? "" : `${now.ino} ${now.ctimeNs}`;
}
