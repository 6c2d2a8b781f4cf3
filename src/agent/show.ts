import { follows, listRuns, type Run } from "../domains/runs.ts";
import type { ShownDetails, ShownDomain } from "../host/agent-answers.ts";
import { entersInKernel } from "../host/engine.ts";
import type { AgentService } from "./agent-service.ts";
import type { DomainEntry } from "./entry.ts";
import type { KnownException } from "./exceptions/exceptions.ts";
import { type Counted, countProcesses } from "./processes.ts";
import { showRun } from "./runs.ts";

export function listDomains(agent: AgentService): readonly ShownDomain[] {
  const runs = listRuns(agent.places.system.runs);
  const processes = countProcesses(agent.places);
  const events = agent.eventsToday();
  const exceptions = agent.exceptions.list();
  const now = { runs, processes, events, exceptions };
  return agent.table.entries.map((entry) => showDomain(agent, entry, now));
}

/** What is looked up once for all domains. */
interface HostNow {
  readonly runs: readonly Run[];
  readonly processes: ReadonlyMap<string, Counted>;
  readonly events: ReadonlyMap<string, number>;
  readonly exceptions: readonly KnownException[];
}

function showDomain(
  { places, table, drift }: AgentService,
  entry: DomainEntry,
  { runs, processes, events, exceptions }: HostNow,
): ShownDomain {
  const { name, number, policy, problems } = entry;
  const mine = runs.filter((run) => run.domain === name && run.number === number);
  const level = table.levelOf(entry);
  const counted = processes.get(name);
  const inKernel = counted?.inKernel ?? 0;
  const isRunning = mine.length > 0 || inKernel > 0;
  // What runs decides; of a domain that does not run, the host's choice.
  const engine = (isRunning ? inKernel > 0 : entersInKernel(places)) ? "bpf-lsm" : "landlock";
  return {
    ...{ name, number, level, policyLevel: policy?.level ?? null, engine },
    until: table.untilOf(name),
    mediation:
      engine === "bpf-lsm"
        ? null
        : level === "warning"
          ? "supervised"
          : (policy?.mediation ?? null),
    switch: mine.some((run) => !follows(run)) ? "restart" : isRunning ? "live" : null,
    runs: mine.length,
    processes: counted?.processes ?? 0,
    filterBehind: counted?.filterBehind ?? 0,
    eventsToday: events.get(name) ?? 0,
    drift: drift.drifted(name, number),
    exceptions: exceptions.filter(({ domain }) => domain === name).length,
    state: problems === null ? "good" : "bad",
  };
}

/** `uid` null: the peer may see everything; else only what belongs to that user. */
export function showDetails(
  agent: AgentService,
  entry: DomainEntry,
  uid: number | null,
): ShownDetails {
  const runs = listRuns(agent.places.system.runs);
  const shown = showDomain(agent, entry, {
    ...{ runs, processes: countProcesses(agent.places), events: agent.eventsToday() },
    exceptions: agent.exceptions.list(),
  });
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
