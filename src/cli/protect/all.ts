import { executableOf, readProc } from "../../domains/proc-stat.ts";
import { type ListedProcess, listProcesses } from "../../domains/processes.ts";
import { claimedOutside, notHeldOutside } from "../../host/claimed-outside.ts";
import { notHeldHere } from "../../host/engine.ts";
import { HostError } from "../../host/host-error.ts";
import { type Listener, listenersOutside } from "../../host/listening.ts";
import type { Places } from "../../host/places.ts";
import { runningDomains } from "../../host/running.ts";
import { runsSystemd } from "../../host/service-unit.ts";
import { unitOfGroups } from "../../host/units/unit-groups.ts";
import { mainOf, subjectOf } from "../../protect/subject.ts";
import { CommandError, type Context, type Options } from "../command.ts";
import { liveLine } from "../render/progress.ts";
import { apply } from "./apply.ts";
import { choose } from "./choose.ts";

/** A unit that was to be protected. */
export interface ProtectedUnit {
  readonly unit: string;
  /** null if it failed. */
  readonly domain: string | null;
  /** Whether the policy is a draft of this call. */
  readonly drafted: boolean;
  /** Of a policy that was there: lines for what the running daemon uses beyond it. */
  readonly lacking: number;
  readonly failed: { readonly message: string; readonly help: string } | null;
}

/** Listens, or is named by a policy that this host's engine does not hold, and was left outside. */
export interface LeftOutside {
  readonly pid: number;
  readonly comm: string;
  readonly sockets: readonly string[];
  readonly unit: string | null;
  readonly why: string;
  readonly help: string;
}

export interface ProtectedAll {
  readonly units: readonly ProtectedUnit[];
  readonly left: readonly LeftOutside[];
}

interface Wanted {
  readonly units: readonly string[];
  readonly left: readonly LeftOutside[];
}

/** Where programs of systemd itself lie; other programs' files there are no daemons. */
const SYSTEMDS_OWN = "/usr/lib/systemd/";

/**
 * Gives a domain to every running unit that a policy names, or one of whose processes listens on an
 * internet socket, whatever becomes of the others. @throws HostError
 */
export async function protectAll(context: Context, options: Options): Promise<ProtectedAll> {
  if (!context.places.asRoot)
    throw new CommandError("only root can protect units", "try again with sudo");
  if (!runsSystemd())
    throw new CommandError(
      "no systemd runs here",
      "name each daemon's program: cofferdam protect /usr/sbin/NAME",
    );
  const { units, left } = wantedOn(context.places);
  const progress = liveLine(context.err);
  const done: ProtectedUnit[] = [];
  try {
    for (const [index, unit] of units.entries()) {
      progress.show(`protecting ${unit} (${index + 1} of ${units.length})`);
      done.push(await protectUnit(context, unit, options));
    }
  } finally {
    progress.end();
  }
  return { units: done, left };
}

async function protectUnit(
  context: Context,
  unit: string,
  { now }: Options,
): Promise<ProtectedUnit> {
  try {
    const subject = subjectOf([unit], context.places, "/");
    const chosen = choose(context, subject, {});
    await apply(context, subject, chosen, { now, json: true });
    const drafted = chosen.text !== null;
    return {
      ...{ unit, domain: chosen.domain, drafted, failed: null },
      // What a unit allows is more than what its daemon uses.
      lacking: drafted ? 0 : chosen.lines.filter(({ witness }) => witness === "process").length,
    };
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    const { message, help } = error;
    return { unit, domain: null, drafted: false, lacking: 0, failed: { message, help } };
  }
}

function wantedOn(places: Places): Wanted {
  const processes = listProcesses({
    ...runningDomains(places),
    ...{ threads: false, details: false },
  });
  const claimed = claimedOutside(places, processes).map(({ by }) => by);
  const units = new Set(claimed.filter((by) => by.endsWith(".service")));
  const listening = listenersOutside(processes);
  const notHeld = notHeldOn(places, processes, listening);
  const left = [...notHeld];
  for (const listener of listening) {
    const unit = unitOf(listener.pid);
    if (notHeld.some((one) => isOf(one, listener.pid, unit))) continue;
    const reason = unit === null || !units.has(unit) ? whyLeft(listener, unit) : null;
    if (reason !== null) left.push({ ...listener, unit, ...reason });
    else if (unit !== null) units.add(unit);
  }
  return { units: [...units].sort(), left };
}

/** Of each unit its first process. */
function notHeldOn(
  places: Places,
  processes: readonly ListedProcess[],
  listening: readonly Listener[],
): readonly LeftOutside[] {
  const found: LeftOutside[] = [];
  for (const { pid, comm, domain } of notHeldOutside(places, processes)) {
    const unit = unitOf(pid);
    if (unit !== null && found.some((one) => one.unit === unit)) continue;
    const own = listening.filter((one) => isOf({ pid, unit }, one.pid, unitOf(one.pid)));
    const sockets = [...new Set(own.flatMap((one) => one.sockets))];
    found.push({ pid, comm, sockets, unit, ...notHeldHere(domain) });
  }
  return found;
}

const isOf = (one: Pick<LeftOutside, "pid" | "unit">, pid: number, unit: string | null): boolean =>
  one.unit === null ? one.pid === pid : one.unit === unit;

function unitOf(pid: number): string | null {
  return unitOfGroups(readProc(`/proc/${pid}/cgroup`) ?? "");
}

function whyLeft({ pid }: Listener, unit: string | null) {
  if (pid === 1)
    return {
      why: "systemd waits there for a service's first client",
      help: "cofferdam protect NAME.service puts the service into a domain",
    };
  if (unit === null)
    return { why: "no service unit has started it", help: `cofferdam protect ${pid}` };
  if (/^user@[^.]*\.service$/.test(unit))
    return { why: "a user's own manager has started it", help: `cofferdam protect ${pid}` };
  if (executableOf(mainOf(unit) || pid)?.startsWith(SYSTEMDS_OWN) === true)
    return {
      why: `${unit} is a part of systemd, and no policy names it`,
      help: `cofferdam protect ${unit} drafts one`,
    };
  return null;
}
