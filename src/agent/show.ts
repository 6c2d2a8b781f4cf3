import { follows, listRuns, type Run } from "../domains/runs.ts";
import type { ShownDetails, ShownDomain } from "../host/agent-answers.ts";
import { entersInKernel } from "../host/engine.ts";
import type { Engine } from "../model/engines/engine.ts";
import { KERNEL_ALONE, type Level, type Mediation } from "../model/policy.ts";
import type { AgentService } from "./agent-service.ts";
import type { DomainEntry } from "./entry.ts";
import type { KnownException } from "./exceptions/exceptions.ts";
import { type Counted, countProcesses } from "./processes.ts";
import { showRun } from "./runs.ts";

export function listDomains(agent: AgentService): readonly ShownDomain[] {
  const now = lookNow(agent);
  return agent.table.entries.map((entry) => showDomain(agent, entry, now));
}

/** What is looked up once for all domains. */
interface HostNow {
  readonly runs: readonly Run[];
  readonly processes: ReadonlyMap<string, Counted>;
  readonly events: ReadonlyMap<string, number>;
  readonly exceptions: readonly KnownException[];
  /** Whether the next start is held by the kernel's engine. */
  readonly startsInKernel: boolean;
}

function lookNow(agent: AgentService): HostNow {
  return {
    runs: listRuns(agent.places.system.runs),
    processes: countProcesses(agent.places),
    events: agent.eventsToday(),
    exceptions: agent.exceptions.list(),
    startsInKernel: entersInKernel(agent.places),
  };
}

function showDomain(
  { table, drift }: AgentService,
  entry: DomainEntry,
  { runs, processes, events, exceptions, startsInKernel }: HostNow,
): ShownDomain {
  const { name, number, policy, problems } = entry;
  const mine = runs.filter((run) => run.domain === name && run.number === number);
  const level = table.levelOf(entry);
  const counted = processes.get(name);
  const inKernel = counted?.inKernel ?? 0;
  const isRunning = mine.length > 0 || inKernel > 0;
  // What runs decides; of a domain that does not run, the host's choice.
  const engine: Engine = (isRunning ? inKernel > 0 : startsInKernel) ? "bpf-lsm" : "landlock";
  return {
    ...{ name, number, level, policyLevel: policy?.level ?? null, engine },
    until: table.untilOf(name),
    mediation: engine === "bpf-lsm" ? null : mediationOf(level, policy),
    switch: mine.some((run) => !follows(run)) ? "restart" : isRunning ? "live" : null,
    runs: mine.length,
    processes: counted?.processes ?? 0,
    inKernel,
    filterBehind: counted?.filterBehind ?? 0,
    eventsToday: events.get(name) ?? 0,
    drift: drift.drifted(name, number),
    exceptions: exceptions.filter(({ domain }) => domain === name).length,
    state: problems === null ? "good" : "bad",
  };
}

function mediationOf(level: Level | null, policy: DomainEntry["policy"]): Mediation | null {
  const written = policy?.mediation ?? null;
  return level === "warning" && written !== KERNEL_ALONE ? "supervised" : written;
}

/** `uid` null: the peer may see everything; else only what belongs to that user. */
export function showDetails(
  agent: AgentService,
  entry: DomainEntry,
  uid: number | null,
): ShownDetails {
  const now = lookNow(agent);
  const shown = showDomain(agent, entry, now);
  const running = now.runs
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
