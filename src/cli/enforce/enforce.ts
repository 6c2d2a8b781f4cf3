import type { Turns } from "../../base/turns.ts";
import type { ShownChange } from "../../host/agent-answers.ts";
import { HostError } from "../../host/host-error.ts";
import { START_WAIT_MAX_MS } from "../../host/units/systemctl.ts";
import { isUp, unitState } from "../../host/units/unit-state.ts";
import { CommandError, type Context } from "../command.ts";
import { localTime } from "../render/local-time.ts";
import { giveLevel, restartUnits } from "./order.ts";
import { type Outcome, type Seen, Watch, type WatchedHost } from "./watch.ts";

/**
 * Seconds for which the agent keeps the level longer than the watch lasts. If nothing has confirmed
 * or undone the level by then, the agent sets it back: the watch was killed, or the host booted.
 */
const GRACE_S = 30;

export interface EnforceOptions {
  readonly domain: string;
  /** Units to restart, perhaps none. */
  readonly units: readonly string[];
  /** Also if every process follows the new level. */
  readonly restart: boolean;
  /** Seconds. */
  readonly watch: number;
  readonly strict: boolean;
  /** The domain is at warning until someone orders another level. */
  readonly isSettled: boolean;
  /** Called when it is the domain's turn: what happened before is not its own. */
  readonly host: () => WatchedHost;
  /** Levels are given and units restarted in turns, and watched while it is another's turn. */
  readonly turns: Turns;
  readonly signal: AbortSignal;
  readonly progress: (left: number, denied: number) => void;
  readonly say: (text: string) => void;
}

export interface Enforced {
  readonly outcome: Outcome;
  readonly seen: Seen;
  /** In force at the end. */
  readonly level: "enforcing" | "warning";
  readonly restarted: readonly string[];
  /** What was done to go back, in sentences without a stop. */
  readonly back: readonly string[];
  /** Processes that keep the level of their start. */
  readonly keeping: ShownChange["restart"];
}

/**
 * Enforces for the time of the watch, watches, and then enforces for good, or goes back to level
 * warning. @throws CommandError if the agent does not carry out an order
 */
export async function enforceWatched(context: Context, options: EnforceOptions): Promise<Enforced> {
  const { domain, turns } = options;
  const { watched, restarted, refused, until } = await turns.take(() =>
    enforceNow(context, options),
  );
  const outcome: Outcome =
    refused === null ? await watched.wait() : { state: "failed", why: refused };
  const common = { outcome, seen: watched.seen, restarted };
  if (outcome.state === "passed") {
    const last = await lastOrder(context, domain, "enforcing", until);
    return { ...common, level: "enforcing", back: [], keeping: last.restart };
  }
  const { back, keeping } = await goBack(context, options, until, refused !== null);
  return { ...common, level: "warning", back, keeping };
}

interface EnforcedNow {
  readonly watched: Watch;
  readonly restarted: readonly string[];
  /** null if they were restarted. */
  readonly refused: string | null;
  /** When the agent sets the level back by itself. */
  readonly until: string | null;
}

/** The watch has begun, unless the units did not start. */
async function enforceNow(context: Context, options: EnforceOptions): Promise<EnforcedNow> {
  const { domain, units, host, signal, progress, watch, strict } = options;
  if (signal.aborted)
    throw new CommandError(
      `${domain} was not enforced: ${signal.reason} came before its turn`,
      "repeat the command",
    );
  if (!options.isSettled) await giveLevel(context, domain, "warning");
  // A daemon may fail at once, before the order has been answered.
  const watched = new Watch(host(), { domain, seconds: watch, strict, signal, progress });
  const enforce = (seconds: number) => giveLevel(context, domain, "enforcing", seconds);
  let given = await enforce(watch + GRACE_S);
  const restarted = options.restart || given.restart.length > 0 ? units : [];
  if (restarted.length > 0) given = await enforce(START_WAIT_MAX_MS / 1_000 + watch + GRACE_S);
  const refused = await restartNow(restarted, options);
  const isRenewed = restarted.length > 0 && refused === null;
  // A restart may take long, and the time begins after it.
  if (isRenewed) given = await enforce(watch + GRACE_S);
  watched.begin(isRenewed);
  return { watched, restarted, refused, until: given.until };
}

/** null if it worked. */
async function restartNow(
  units: readonly string[],
  { say }: EnforceOptions,
): Promise<string | null> {
  if (units.length === 0) return null;
  say(`restarting ${units.join(" ")}, so that all of it is enforced`);
  const refused = await restartUnits(units);
  return refused === null
    ? null
    : `${units.join(" ")} did not start at level enforcing: ${refused}`;
}

/**
 * Units that are down, and those with processes that keep level enforcing, are started anew.
 * `hasStuck`: they were to start, and have not; systemd may be waiting for them still.
 */
async function goBack(
  context: Context,
  { domain, units, turns }: EnforceOptions,
  until: string | null,
  hasStuck: boolean,
): Promise<Pick<Enforced, "back" | "keeping">> {
  const { restart } = await lastOrder(context, domain, "warning", until);
  const isDown =
    hasStuck || units.map(unitState).some((unit) => !isUp(unit) || unit.sub === "auto-restart");
  if (units.length === 0 || (!isDown && restart.length === 0))
    return { back: [], keeping: restart };
  const startAnew = () => restartUnits(units, isDown);
  // A unit that is down is started at once.
  const refused = await (isDown ? startAnew() : turns.take(startAnew));
  const name = units.join(" ");
  return refused === null
    ? { back: [`${name} was restarted at level warning`], keeping: [] }
    : { back: [`${name} does not start at level warning either: ${refused}`], keeping: [] };
}

async function lastOrder(
  context: Context,
  domain: string,
  level: "enforcing" | "warning",
  until: string | null,
): Promise<ShownChange> {
  try {
    return await giveLevel(context, domain, level);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    const end = until === null ? "soon" : `at ${localTime(until)}`;
    throw new CommandError(
      `${domain} is at level enforcing still, and ${level} could not be ordered: ${error.message}`,
      `an agent, once it runs, sets warning again ${end}; or: cofferdam domain level ${domain} ` +
        level,
    );
  }
}
