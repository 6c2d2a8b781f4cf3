import type { SystemCall } from "../../kernel/system-calls/call.ts";
import { classOf } from "../../kernel/system-calls/classes.ts";
import type { SealedContext } from "../../kernel/system-calls/sealed-context.ts";
import { systemCalls } from "../../kernel/system-calls/table.ts";
import { answersIn, type Verdict } from "../../kernel/system-calls/verdict.ts";
import { sectionOf } from "../../kinds/model.ts";
import type { LateNames, Level } from "../../model/policy.ts";
import type { PlanReport } from "../../plan/plan.ts";
import { type Asked, priceOfAsking } from "../price.ts";
import { sealedVerdict } from "../seccomp/sealed-filter.ts";
import { type SupervisedContext, supervisedVerdict } from "../seccomp/supervised-filter.ts";
import type { Destinations } from "../sockets/destinations.ts";

interface Entry {
  readonly call: string;
  readonly why: string;
  readonly asked: Asked;
  readonly each: string;
}

/** Sometimes or always, with reason and cost. */
export function askedOfSealed(context: SealedContext, syncWakeup: boolean): PlanReport["brokered"] {
  const entries = systemCalls.flatMap((row): Entry[] => {
    const isListed = context.listed.has(row.name) && row.sealed?.list === "needed";
    if (row.sealed === null || !isListed || !asks(sealedVerdict(row.name, context))) return [];
    return priced(row, row.sealed.why, context.lateNames);
  });
  return grouped(entries, syncWakeup);
}

/** Sometimes or always, with what happens to the calls at this level and the cost. */
export function askedOfSupervised(
  context: SupervisedContext,
  syncWakeup: boolean,
  destinations: Destinations,
  level: Level,
): PlanReport["brokered"] {
  const entries = systemCalls.flatMap((row): Entry[] => {
    const inPolicy =
      "asks" in row && row.supervised.unlistedToo === "unless-denied"
        ? context.words[sectionOf(row.asks)].size > 0
        : context.listed.has(row.name);
    if (!inPolicy || !asks(supervisedVerdict(row.name, context))) return [];
    const judged = row.class === "address" && destinations.by === "mediator";
    const why = answerOf(row, level);
    const told = judged ? `${why}. ${destinations.why}` : why;
    return priced(row, told, "supervised").map((entry) =>
      level === "enforcing" ? entry : { ...entry, asked: "let-through" },
    );
  });
  return grouped(entries, syncWakeup);
}

/** As the call's own row says it, if its class's text is not the whole truth. */
function answerOf(row: SystemCall, level: Level): string {
  const { warning, enforcing } = classOf(row);
  return level === "enforcing" ? (row.supervised.enforcing ?? enforcing) : warning;
}

function asks(verdict: Verdict): boolean {
  return answersIn(verdict).some((answer) => answer.kind === "notify" && answer.meant === "asked");
}

/** The opens of which the mediator is notified. */
type Openings = LateNames | "supervised";

/** What is made or examined at the higher price. */
const names: Readonly<Record<Openings, string>> = {
  sealed:
    "open that may create a file, each openat2, and each call that makes, removes, moves " +
    "or changes a name",
  brokered: "other open, and each call that makes, removes, moves or changes a name",
  "brokered-blocking":
    "other open without O_NONBLOCK, and each call that makes, removes, moves or changes a name",
  supervised: "open and each call that makes, removes, moves or changes a name",
};

/** Opens that the mediator need not examine; null where there are none. */
const plainOpens: Readonly<Record<Openings, string | null>> = {
  sealed: null,
  brokered: "open of a name of the start, by an absolute path without links",
  "brokered-blocking":
    "open of a name of the start, by an absolute path without links, unless with O_NONBLOCK",
  supervised: null,
};

/** Refusals have no entry: their cost does not matter. */
function priced(row: SystemCall, why: string, opens: Openings): Entry[] {
  const entry = (asked: Asked, each: string): Entry[] => [{ call: row.name, why, asked, each }];
  switch (row.class) {
    case "name": {
      const plain = row.name === "open" || row.name === "openat" ? plainOpens[opens] : null;
      return [
        ...(plain === null ? [] : entry("let-through", plain)),
        ...entry("done", names[opens]),
      ];
    }
    case "exec":
      return row.path === null ? entry("done", "such call") : entry("let-through", "execution");
    case "socket":
      return row.operation === "option"
        ? entry("done", "such call")
        : entry("let-through", "such call");
    case "process":
      return entry("let-through", "signal, and such call to another process");
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
      // The remaining rows need a word, which registers name.
      return entry("let-through", "such call");
  }
}

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
