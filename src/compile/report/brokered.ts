import type { PlanReport } from "../../plan/plan.ts";
import { priceOfAsking } from "../price.ts";
import type { CallClass, CallRow } from "../seccomp/call-row.ts";
import { callTable } from "../seccomp/call-table.ts";
import type { FilterContext } from "../seccomp/filter-context.ts";
import type { Verdict } from "../seccomp/verdict.ts";

/** What one asks about in this class; the others are refusals, whose price nobody counts. */
const perCall: Partial<Record<CallClass, string>> = {
  names: "open that may create, and each name made, removed or moved",
  metadata: "change of mode, owner, times or attributes",
  sockets: "such call",
  signals: "signal",
  confinement: "such call",
  processes: "such call on another process",
};

/** Listed calls about which the mediator is asked, sometimes or always, with why and what it costs. */
export function reportBrokered(context: FilterContext, syncWakeup: boolean): PlanReport["brokered"] {
  return callTable.flatMap((row) => {
    const each = perCall[row.class];
    const calls = row.calls.filter((call) => context.listed.has(call) && !context.denied.has(call));
    if (each === undefined || row.applies === "always" || calls.length === 0) return [];
    const asked = asks(row, context);
    if (asked === "never") return [];
    const price =
      asked === "always"
        ? priceOfAsking(syncWakeup, each)
        : `nothing, unless it asks for that: then ${priceOfAsking(syncWakeup, "call")}`;
    return [{ call: calls.join(", "), why: row.why, price }];
  });
}

function asks(row: CallRow, context: FilterContext): "always" | "sometimes" | "never" {
  const answers = leaves(row.verdict(context));
  const notifies = answers.filter((kind) => kind === "notify").length;
  return notifies === 0 ? "never" : notifies === answers.length ? "always" : "sometimes";
}

function leaves(verdict: Verdict): string[] {
  return "yes" in verdict ? [...leaves(verdict.yes), ...leaves(verdict.no)] : [verdict.kind];
}
