import type { CallClass, MediatedCall } from "../../kernel/system-calls/call.ts";
import { answersOfClass } from "../../kernel/system-calls/levels.ts";
import { mediatedCalls } from "../../kernel/system-calls/table.ts";
import type { Level } from "../../model/policy.ts";
import type { PlanReport } from "../../plan/plan.ts";
import { type Asked, priceOfAsking } from "../price.ts";
import { type SupervisedContext, supervisedVerdict } from "../seccomp/supervised/filter.ts";
import type { Destinations } from "../sockets/destinations.ts";

/**
 * What costs, in each class where enforcing does the call or lets it go on. Refusals have no price
 * that anybody counts.
 */
const perCall: Partial<Record<CallClass, { readonly asked: Asked; readonly call: string }>> = {
  name: { asked: "done", call: "open, and each name made, removed, moved or changed" },
  exec: { asked: "let-through", call: "execution, and memory file" },
  address: { asked: "done", call: "such call" },
  socket: { asked: "let-through", call: "such socket or option" },
  process: { asked: "let-through", call: "signal, and such call on another process" },
  privilege: { asked: "let-through", call: "such call" },
  state: { asked: "let-through", call: "such call" },
  descriptor: { asked: "done", call: "such call" },
  ipc: { asked: "let-through", call: "such call" },
};

/**
 * Listed calls that are notified, sometimes or always, with what is done about them at this level
 * and what that costs.
 */
export function reportNotified(
  context: SupervisedContext,
  syncWakeup: boolean,
  destinations: Destinations,
  level: Level,
): PlanReport["brokered"] {
  return Object.entries(perCall).flatMap(([name, { asked, call }]) => {
    const calls = mediatedCalls
      .filter((row) => row.class === name && isAsked(row, context))
      .map((row) => row.name);
    if (calls.length === 0) return [];
    const answer = answersOfClass(name as CallClass)[
      level === "enforcing" ? "enforcing" : "warning"
    ];
    const why =
      name === "address" && destinations.by === "mediator"
        ? `${answer}. ${destinations.why}`
        : answer;
    return [
      {
        call: calls.join(", "),
        why,
        price: priceOfAsking(syncWakeup, level === "enforcing" ? asked : "let-through", call),
      },
    ];
  });
}

function isAsked({ name, class: kind }: MediatedCall, context: SupervisedContext): boolean {
  const inPolicy = kind === "ipc" ? context.ipc.size > 0 : context.listed.has(name);
  return inPolicy && supervisedVerdict(name, context).kind !== "allow";
}
