import { printable } from "../../base/printable.ts";
import { wrap } from "../../base/wrap.ts";
import type { Confinement } from "../../domains/confinement.ts";
import { type Claimant, whoseWords } from "../../domains/mediator-places.ts";
import type { Run } from "../../domains/runs.ts";
import type { AgentStatus, DriftState } from "../../host/agent-answers.ts";
import { type ClaimedOutside, claimSentences } from "../../host/claimed-outside.ts";
import type { Drift } from "../../host/held-names.ts";
import type { Listening } from "../../host/listening.ts";
import type { LostLayer } from "../../host/lost-layers.ts";
import type { Engine } from "../../model/engines/engine.ts";
import type { Level, Mode } from "../../model/policy.ts";
import { PLACES_OF_HOST } from "../../plan/mediator-places.ts";
import { columns } from "./columns.ts";
import { localTime, timeLeft } from "./local-time.ts";
import { driftWords } from "./stale.ts";

/** Processes of one domain that are held in the same way; null if no record says it. */
export interface RunningDomain {
  readonly domain: string;
  readonly number: number | null;
  readonly level: Level | null;
  readonly engine: Confinement["engine"];
  readonly mode: Mode | null;
  /** Processes whose filter of system calls is that of another level ({@link isFilterBehind}). */
  readonly filterBehind: number;
  readonly processes: number;
}

export interface HostStatus {
  /** null: this host can hold no domain. */
  readonly engine: Engine | null;
  readonly domains: number;
  readonly runs: readonly (Pick<Run, "pid" | "domain" | "number" | "mode" | "level" | "live"> & {
    readonly holder: Run["holderState"];
    /** The domain's policy has changed since the run's start; a restart puts it in force. */
    readonly keepsEarlierPolicy: boolean;
    /** Granted names that now lead elsewhere than at the start. */
    readonly drift: readonly Drift[];
  })[];
  readonly running: readonly RunningDomain[];
  readonly lost: readonly LostLayer[];
  /** Root's mediators of a single run, with their run; null if the caller may not see them. */
  readonly ownMediators: readonly Claimant[] | null;
  /** null if no agent runs. */
  readonly agent: AgentStatus | null;
  /** Processes that a domain's `enter` names but that run outside it. */
  readonly claimed: readonly ClaimedOutside[];
  readonly listening: Listening;
  readonly attention: readonly string[];
}

const MIB = 1024 * 1024;
const INDENT = " ".repeat(11);
/** Lines and names that fit a screen; `domain list` and `ps` show all. */
const ROWS_MAX = 15;
const RED = "\x1b[31m";
const OFF = "\x1b[0m";

export function renderStatus(
  now: HostStatus,
  style: { readonly width: number; readonly color: boolean },
): string {
  const { agent } = now;
  const line = (head: string, text: string) =>
    `${wrap(`${head.padEnd(INDENT.length)}${text}`, style.width, INDENT)}\n`;
  const parts = [
    line("engine", now.engine ?? "none: cofferdam doctor says why"),
    ...(agent === null
      ? [line("agent", noAgent)]
      : ofAgent(agent).map(([head, text]) => line(head, text))),
    line("domains", domainsText(now)),
    ...(agent === null ? [] : relaxedText(agent).map((text) => line("", text))),
    ...(agent === null ? [] : exceptionsText(agent).map((text) => line("for a time", text))),
    line("running", runningText(now)),
    runningRows(now),
    ...ownMediatorsText(now).map((text) => line("", text)),
    ...earlierText(now).map((text) => line("policy", text)),
    ...driftText(now).map((text) => line("drift", text)),
    ...missing(now, "lost").map((text) => line("lost", text)),
    ...missing(now, "partial").map((text) => line("in part", text)),
    ...(agent === null
      ? []
      : eventsText(agent).map((text, at) => line(at === 0 ? "events" : "", text))),
  ];
  const ends = [
    ...claimSentences(now.claimed).map((text) => line("outside", printable(text))),
    line("listening", listeningText(now.listening)),
  ];
  const loud = now.attention.map((text) => paint(line("ATTENTION", printable(text)), style.color));
  return [...parts, ...ends, ...loud].join("");
}

const noAgent =
  "not running, so levels cannot change while daemons run (start it as root: cofferdam agent)";

const NOT_COLLECTED = "refusals by the kernel are not logged (agent --without-kernel-refusals)";

function ofAgent({
  pid,
  since,
  memory,
  mediator,
  sessions,
  refusals,
  drift,
  refusedPeers,
}: AgentStatus): readonly (readonly [string, string])[] {
  const refused = refusedPeers === 0 ? "" : `, ${counted(refusedPeers, "connection")} refused`;
  return [
    [
      "agent",
      `process ${pid} since ${localTime(since)}, ${Math.round(memory / MIB)} MiB${refused}`,
    ],
    ["mediator", mediator === null ? "none is kept" : keptText(mediator)],
    ["refusals", refusals === null ? NOT_COLLECTED : keptText(refusals)],
    ...(drift === null ? [] : [["watched", watchedText(drift)] as const]),
    ...(sessions === null || sessions.state === "none"
      ? []
      : [["sessions", keptText(sessions)] as const]),
  ];
}

/** What the agent notices by itself; `drift` lines say what there is now. */
function watchedText({ runs, names, elsewhere, directories }: DriftState): string {
  if (runs === 0) return "no sealed run";
  const others = elsewhere === 0 ? "" : `; ${elsewhere} on network file systems are not`;
  const what = `${counted(names, "granted name")} of ${counted(runs, "sealed run")}`;
  return `${what}, in ${counted(directories, "folder")}${others}`;
}

function keptText({ pid, state, restarts }: NonNullable<AgentStatus["mediator"]>): string {
  const process = pid === null ? state : `process ${pid}`;
  return `${process}${restarts === 0 ? "" : `, restarted ${counted(restarts, "time")}`}`;
}

function domainsText({ domains, agent }: HostStatus): string {
  const levels = Object.entries(agent?.levels ?? {}).filter(([, count]) => count > 0);
  const counts = levels.map(([level, count]) => `${count} ${level}`).join(", ");
  return levels.length === 0 ? `${domains}` : `${domains}: ${counts}`;
}

function relaxedText({ relaxed }: AgentStatus): readonly string[] {
  return (["warning", "disabled"] as const).flatMap((level) => {
    const names = relaxed
      .filter((one) => one.level === level)
      .map(({ name, until }) => (until === null ? name : `${name} (${timeLeft(until)} left)`));
    return names.length === 0 ? [] : [`${level}: ${cut(names, "domain list").join(", ")}`];
  });
}

/** What ends by itself; `exception list` says what it is. */
function exceptionsText({ exceptions }: AgentStatus): readonly string[] {
  if (exceptions.length === 0) return [];
  const names = exceptions.map(
    ({ name, count, until }) =>
      `${printable(name)}: ${counted(count, "exception")} (${timeLeft(until)} left)`,
  );
  return [cut(names, "exception list").join(", ")];
}

function runningText({ running }: HostStatus): string {
  if (running.length === 0) return "nothing is in a domain";
  const processes = running.reduce((sum, one) => sum + one.processes, 0);
  return (
    `${counted(processes, "process")} in ` +
    `${counted(new Set(running.map(({ domain }) => domain)).size, "domain")}`
  );
}

function runningRows({ running }: HostStatus): string {
  const rows = running
    .slice(0, ROWS_MAX)
    .map(({ domain, level, engine, mode, filterBehind, processes }) => [
      printable(domain),
      level ?? "?",
      engine === "bpf-lsm" ? `kernel${filterBehind > 0 ? ", filter" : ""}` : (mode ?? "?"),
      counted(processes, "process"),
    ]);
  const more =
    running.length > ROWS_MAX
      ? `${INDENT}and ${running.length - ROWS_MAX} more: cofferdam ps\n`
      : "";
  return columns(rows).replace(/^(?=.)/gm, INDENT) + more;
}

function listeningText({ sockets, inDomains, outside, unknown }: Listening): string {
  if (sockets === 0) return "nothing listens on this host";
  const others = outside.length === 0 ? "" : `; outside: ${cut(outside, "ps -Z").join(", ")}`;
  const hidden = unknown === 0 ? "" : `; ${unknown} belong to processes that only root may see`;
  const what = sockets === 1 ? "socket that listens is" : "sockets that listen are";
  return `${inDomains} of ${sockets} ${what} in a domain${printable(others)}${hidden}`;
}

function ownMediatorsText({ ownMediators }: HostStatus): readonly string[] {
  if (ownMediators === null || ownMediators.length === 0) return [];
  const taken = `${ownMediators.length} of ${PLACES_OF_HOST}`;
  return [`mediators of one run: ${taken} (${printable(whoseWords(ownMediators))})`];
}

/** One line for each domain. */
function earlierText({ runs }: HostStatus): readonly string[] {
  const those = runs.filter(({ keepsEarlierPolicy }) => keepsEarlierPolicy);
  return [...new Set(those.map(({ domain }) => domain))].map((domain) => {
    const pids = those.filter((run) => run.domain === domain).map(({ pid }) => pid);
    const name = printable(domain);
    const which = `${pids.length === 1 ? "process" : "processes"} ${pids.join(", ")}`;
    const keeps = `${pids.length === 1 ? "keeps" : "keep"} an earlier policy than its file has`;
    return `${name}: ${which} ${keeps} (cofferdam domain restart ${name})`;
  });
}

/** One line for each run. */
function driftText({ runs }: HostStatus): readonly string[] {
  return runs
    .filter(({ drift }) => drift.length > 0)
    .map(({ domain, pid, drift }) => {
      const name = printable(domain);
      const words = cut(driftWords(drift).map(printable), "domain stale").join(", ");
      return `${name}, process ${pid}: ${words} (cofferdam domain restart ${name})`;
    });
}

/** One line for each domain; the plan has the details. */
function missing({ lost }: HostStatus, state: LostLayer["state"]): readonly string[] {
  const those = lost.filter((one) => one.state === state);
  return [...new Set(those.map(({ domain }) => domain))].map((domain) => {
    const layers = new Set(those.filter((one) => one.domain === domain).map(({ layer }) => layer));
    return `${printable(domain)}: ${[...layers].join(", ")} (cofferdam plan ${printable(domain)})`;
  });
}

function eventsText({ events }: AgentStatus): readonly string[] {
  const { denied, warned, lost } = events.today;
  const away = Object.entries(events.forwarding).map(
    ([name, why]) => `${name} gets no events: ${why}`,
  );
  return [`today ${denied} denied, ${warned} warned about, ${lost} lost`, ...away];
}

function cut(names: readonly string[], command: string): readonly string[] {
  if (names.length <= ROWS_MAX) return names;
  return [
    ...names.slice(0, ROWS_MAX),
    `and ${names.length - ROWS_MAX} more (cofferdam ${command})`,
  ];
}

function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : what.endsWith("s") ? "es" : "s"}`;
}

function paint(text: string, color: boolean): string {
  return color ? `${RED}${text.trimEnd()}${OFF}\n` : text;
}
