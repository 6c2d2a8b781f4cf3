import type { Verdict } from "../../kernel/system-calls/verdict.ts";
import type { PlanReport } from "../../plan/plan.ts";
import { type Asked, priceOfAsking } from "../price.ts";
import type { CallClass, CallRow } from "../seccomp/call-row.ts";
import { callTable } from "../seccomp/call-table.ts";
import type { FilterContext } from "../seccomp/filter-context.ts";

/**
 * What costs, in each class where the mediator decides; refusals have no price that anybody counts.
 */
const perCall: Partial<Record<CallClass, { readonly asked: Asked; readonly call: string }>> = {
  names: { asked: "done", call: "open that may create, and each name made, removed or moved" },
  metadata: { asked: "done", call: "change of mode, owner, times or attributes" },
  sockets: { asked: "done", call: "such call" },
  signals: { asked: "done", call: "signal" },
  confinement: { asked: "done", call: "such call" },
  processes: { asked: "let-through", call: "such call on a process that is not named by 0" },
  ioctl: { asked: "done", call: "such request" },
};

/**
 * Listed calls about which the mediator is asked, sometimes or always, with why and what it costs.
 */
export function reportBrokered(
  context: FilterContext,
  syncWakeup: boolean,
): PlanReport["brokered"] {
  return callTable.flatMap((row) => {
    const each = perCall[row.class];
    const calls = row.calls.filter((call) => context.listed.has(call) && !context.denied.has(call));
    if (each === undefined || row.applies === "always" || calls.length === 0) return [];
    if (!asks(row, context)) return [];
    return [
      {
        call: calls.join(", "),
        why: row.why,
        price: priceOfAsking(syncWakeup, each.asked, each.call),
      },
    ];
  });
}

function asks(row: CallRow, context: FilterContext): boolean {
  return leaves(row.verdict(context)).some(
    (answer) => answer.kind === "notify" && answer.meant === "asked",
  );
}

function leaves(verdict: Verdict): Verdict[] {
  return "yes" in verdict ? [...leaves(verdict.yes), ...leaves(verdict.no)] : [verdict];
}
