import { listRuns, type Run } from "../domains/runs.ts";
import type { Level, Mediation } from "../model/policy.ts";
import type { Agent } from "./agent.ts";
import type { DomainEntry } from "./entry.ts";
import { countProcesses } from "./processes.ts";
import { follows, type ShownRun, showRun } from "./runs.ts";

/** A domain as the control API lists it. */
export interface ShownDomain {
  readonly name: string;
  readonly number: number;
  /** In force for new starts and for processes that follow; null where it cannot be known. */
  readonly level: Level | null;
  readonly policyLevel: Level | null;
  /** When the level ends by itself. */
  readonly until: string | null;
  readonly engine: "landlock";
  /** Of the next start. */
  readonly mediation: Mediation | null;
  /**
   * Whether a new level reaches what runs: `live`, `restart` where it does not for all, null where
   * nothing runs.
   */
  readonly switch: "live" | "restart" | null;
  readonly runs: number;
  readonly processes: number;
  readonly eventsToday: number;
  readonly state: "good" | "bad";
}

export interface ShownDetails extends ShownDomain {
  readonly file: string;
  readonly problems: string | null;
  readonly givenBy: {
    readonly uid: number;
    readonly name: string | null;
    readonly since: string;
  } | null;
  readonly running: readonly ShownRun[];
  readonly units: readonly string[];
  /** As one file without includes and variables; null for those who do not own the domain. */
  readonly policy: string | null;
}

export function listDomains(agent: Agent): readonly ShownDomain[] {
  const runs = listRuns(agent.places.system.runs);
  const processes = countProcesses();
  const events = agent.eventsToday();
  return agent.table.entries.map((entry) => showDomain(agent, entry, runs, processes, events));
}

function showDomain(
  { table }: Agent,
  entry: DomainEntry,
  runs: readonly Run[],
  processes: ReadonlyMap<string, number>,
  events: ReadonlyMap<string, number>,
): ShownDomain {
  const { name, number, policy, problems } = entry;
  const mine = runs.filter((run) => run.domain === name && run.number === number);
  const level = table.levelOf(entry);
  return {
    ...{ name, number, level, policyLevel: policy?.level ?? null, engine: "landlock" },
    until: table.untilOf(name),
    mediation: level === "warning" ? "supervised" : (policy?.mediation ?? null),
    switch: mine.length === 0 ? null : mine.every(follows) ? "live" : "restart",
    runs: mine.length,
    processes: processes.get(name) ?? 0,
    eventsToday: events.get(name) ?? 0,
    state: problems === null ? "good" : "bad",
  };
}

/** `uid` null: of somebody who may see everything; else only what belongs to that user. */
export function showDetails(agent: Agent, entry: DomainEntry, uid: number | null): ShownDetails {
  const runs = listRuns(agent.places.system.runs);
  const shown = showDomain(agent, entry, runs, countProcesses(), agent.eventsToday());
  const running = runs
    .filter((run) => run.domain === entry.name && run.number === entry.number)
    .map(showRun)
    .filter((run) => uid === null || run.uid === uid);
  const override = agent.table.overrideOf(entry.name);
  const owns = uid === null || running.length > 0;
  return {
    ...shown,
    file: entry.file,
    problems: owns ? entry.problems : null,
    givenBy: override === null ? null : { ...override.by, since: override.since },
    running,
    units: entry.policy?.units ?? [],
    policy: owns ? (entry.policy?.text ?? null) : null,
  };
}
