import type { SystemCall } from "../../kernel/system-calls/call.ts";
import { classOf } from "../../kernel/system-calls/classes.ts";
import type { SealedContext } from "../../kernel/system-calls/sealed-context.ts";
import { systemCalls } from "../../kernel/system-calls/table.ts";
import { answersIn, type Verdict } from "../../kernel/system-calls/verdict.ts";
import { sectionOf } from "../../kinds/model.ts";
import type { Level } from "../../model/policy.ts";
import type { PlanReport } from "../../plan/plan.ts";
import { type Asked, priceOfAsking } from "../price.ts";
import { sealedVerdict } from "../seccomp/sealed-filter.ts";
import { type SupervisedContext, supervisedVerdict } from "../seccomp/supervised-filter.ts";
import type { Destinations } from "../sockets/destinations.ts";

interface Entry {
  readonly call: string;
  readonly why: string;
  readonly asked: Asked;
  /** What the cost is paid for. */
  readonly each: string;
}

/** Listed calls of a sealed domain that are notified, sometimes or always, with reason and cost. */
export function askedOfSealed(context: SealedContext, syncWakeup: boolean): PlanReport["brokered"] {
  const entries = systemCalls.flatMap((row): Entry[] => {
    const isListed = context.listed.has(row.name) && row.sealed?.list === "needed";
    if (row.sealed === null || !isListed || !asks(sealedVerdict(row.name, context))) return [];
    return priced(row, row.sealed.why, "sealed");
  });
  return grouped(entries, syncWakeup);
}

/**
 * Listed calls of a supervised domain that are notified, sometimes or always, with what happens to
 * them at this level and the cost.
 */
export function askedOfSupervised(
  context: SupervisedContext,
  syncWakeup: boolean,
  destinations: Destinations,
  level: Level,
): PlanReport["brokered"] {
  const answer = level === "enforcing" ? "enforcing" : "warning";
  const entries = systemCalls.flatMap((row): Entry[] => {
    const inPolicy =
      "asks" in row && row.supervised.unlistedToo === "unless-denied"
        ? context.words[sectionOf(row.asks)].size > 0
        : context.listed.has(row.name);
    if (!inPolicy || !asks(supervisedVerdict(row.name, context))) return [];
    const judged = row.class === "address" && destinations.by === "mediator";
    const why = classOf(row)[answer];
    return priced(row, judged ? `${why}. ${destinations.why}` : why, "supervised").map((entry) =>
      level === "enforcing" ? entry : { ...entry, asked: "let-through" },
    );
  });
  return grouped(entries, syncWakeup);
}

function asks(verdict: Verdict): boolean {
  return answersIn(verdict).some((answer) => answer.kind === "notify" && answer.meant === "asked");
}

/** Refusals have no entry: their cost does not matter. */
function priced(row: SystemCall, why: string, by: "sealed" | "supervised"): Entry[] {
  const entry = (asked: Asked, each: string): Entry[] => [{ call: row.name, why, asked, each }];
  switch (row.class) {
    case "name":
      return entry(
        "done",
        by === "sealed"
          ? "open that may create or is openat2's, and each name made, removed, moved or changed"
          : "open, and each name made, removed, moved or changed",
      );
    case "exec":
      return row.path === null ? entry("done", "such call") : entry("let-through", "execution");
    case "socket":
      return row.operation === "option"
        ? entry("done", "such call")
        : entry("let-through", "such call");
    case "process":
      return entry("let-through", "signal, and such call on another process");
    case "address":
    case "descriptor":
      return entry("done", "such call");
    case "privilege":
    case "state":
      return entry("let-through", "such call");
    case "namespace-or-escape":
    case "unmediated-name":
    case "plain":
    case "untouchable":
      return [];
    default:
      // What is left asks for a word, and registers say which.
      return entry("let-through", "such call");
  }
}

/** Calls with equal reason and cost in one line. */
function grouped(entries: readonly Entry[], syncWakeup: boolean): PlanReport["brokered"] {
  const groups = new Map<string, { call: string; why: string; price: string }>();
  for (const { call, why, asked, each } of entries) {
    const price = priceOfAsking(syncWakeup, asked, each);
    const key = `${why}\n${price}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { call, why, price });
    else group.call += `, ${call}`;
  }
  return [...groups.values()];
}
