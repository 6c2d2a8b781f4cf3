import { listRuns } from "../domains/runs.ts";
import type { Agent } from "./agent.ts";

export function showStatus(agent: Agent) {
  const runs = listRuns(agent.places.system.runs);
  const { refusedPeers, eventsLost, eventsProblem, forwarding } = agent.counters;
  const events = [...agent.eventsToday().values()].reduce((sum, count) => sum + count, 0);
  return {
    pid: process.pid,
    since: agent.since,
    domains: agent.table.entries.length,
    bad: agent.table.entries.filter(({ problems }) => problems !== null).map(({ name }) => name),
    runs: {
      sealed: runs.filter(({ mode }) => mode === "sealed").length,
      supervised: runs.filter(({ mode }) => mode === "supervised").length,
    },
    mediator: agent.mediator?.state ?? null,
    events: { today: events, lost: eventsLost, problem: eventsProblem, forwarding },
    refusedPeers,
    memory: process.memoryUsage.rss(),
  };
}

export type AgentStatus = ReturnType<typeof showStatus>;
