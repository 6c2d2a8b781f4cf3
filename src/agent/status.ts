import { listRuns } from "../domains/runs.ts";
import type { AgentStatus } from "../host/agent-answers.ts";
import type { Level } from "../model/policy.ts";
import type { AgentService } from "./agent-service.ts";

export function showStatus(agent: AgentService): AgentStatus {
  const runs = listRuns(agent.places.system.runs);
  const { refusedPeers, eventsOfToday, eventsLost, eventsProblem, forwarding } = agent.counters;
  const { entries } = agent.table;
  return {
    pid: process.pid,
    since: agent.since,
    domains: entries.length,
    ...byLevel(agent),
    exceptions: exceptionsOf(agent),
    bad: entries.filter(({ problems }) => problems !== null).map(({ name }) => name),
    runs: {
      sealed: runs.filter(({ mode }) => mode === "sealed").length,
      supervised: runs.filter(({ mode }) => mode === "supervised").length,
    },
    mediator: agent.mediator?.state ?? null,
    sessions: agent.logins.sessions?.state ?? null,
    refusals: agent.refusals?.state ?? null,
    drift: agent.drift.state,
    events: { today: eventsOfToday, lost: eventsLost, problem: eventsProblem, forwarding },
    refusedPeers,
    memory: process.memoryUsage.rss(),
  };
}

/** The number of domains by level, and those below enforcing. */
function byLevel({ table }: AgentService): Pick<AgentStatus, "levels" | "relaxed"> {
  const levels: Record<Level, number> = { enforcing: 0, warning: 0, disabled: 0 };
  const relaxed: AgentStatus["relaxed"][number][] = [];
  for (const entry of table.entries) {
    const level = table.levelOf(entry);
    if (level === null) continue;
    levels[level] += 1;
    if (level !== "enforcing")
      relaxed.push({ name: entry.name, level, until: table.untilOf(entry.name) });
  }
  return { levels, relaxed };
}

function exceptionsOf({ exceptions }: AgentService): AgentStatus["exceptions"] {
  const known = exceptions.list();
  return [...new Set(known.map(({ domain }) => domain))].map((name) => {
    const ends = known.filter(({ domain }) => domain === name).map(({ until }) => until);
    return { name, count: ends.length, until: ends.sort()[0] ?? "" };
  });
}
