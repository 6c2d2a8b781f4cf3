import { printable } from "../../base/printable.ts";
import { wrap } from "../../base/wrap.ts";
import { loggedRequest } from "../../events/logged-request.ts";
import { table } from "../render/table.ts";
import type { Outcome } from "./outcome.ts";

export interface Probed {
  readonly domain: string;
  readonly outcomes: readonly Outcome[];
}

/** What is possible comes first. */
export function renderOutcomes({ domain, outcomes }: Probed, width: number): string {
  const of = (outcome: Outcome["outcome"]) => outcomes.filter((one) => one.outcome === outcome);
  const [possible, refused, absent] = [of("possible"), of("refused"), of("absent")];
  const gaps = possible.filter(({ isGap }) => isGap).length;
  const summary =
    `${domain}: of ${outcomes.length} attempts ${possible.length} are possible, ` +
    `${refused.length} refused, ${absent.length} have no object on this host` +
    (gaps === 0 ? "" : `; ${gaps} possible although the policy does not grant them`);
  const parts = [
    section("possible", possible, width),
    section("refused", refused, width),
    section("nothing there", absent, width),
  ];
  return `${wrap(printable(summary), width, "  ")}\n${parts.join("")}`;
}

function section(title: string, outcomes: readonly Outcome[], width: number): string {
  if (outcomes.length === 0) return "";
  const rows = outcomes.map((one) => [`  ${one.attempt.what}`, because(one)].map(printable));
  return `\n${title}:\n${table(rows, width)}`;
}

function because({ outcome, by, rule, isGap, isDeniedToo }: Outcome): string {
  if (isGap) return "NOT granted by the policy";
  if (outcome === "possible") return `granted by ${rule}`;
  if (by === null) return "";
  if (isDeniedToo) return `by ${by} and policy`;
  return rule?.startsWith("deny ") ? `by ${by}: ${rule}` : `by ${by}`;
}

/** For programs. */
export function outcomeJson({ domain, outcomes }: Probed) {
  return {
    domain,
    attempts: outcomes.map(
      ({ attempt, outcome, by, rule, isDeniedToo, isGap, inside, outside }) => ({
        ...{ what: attempt.what, request: loggedRequest(attempt.request), outcome, by, rule },
        ...{ deniedToo: isDeniedToo, gap: isGap, inside, outside },
      }),
    ),
  };
}
