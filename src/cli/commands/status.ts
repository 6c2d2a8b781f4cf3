import { isFilterBehind } from "../../domains/confinement.ts";
import { livingRuns } from "../../domains/living-runs.ts";
import { type Claimant, placesBeside, takenPlaces } from "../../domains/mediator-places.ts";
import { listProcesses } from "../../domains/processes.ts";
import type { Run } from "../../domains/runs.ts";
import { type AgentStatus, agentStatus } from "../../host/agent-answers.ts";
import { askAgentIfThere } from "../../host/agent-client.ts";
import { claimedOutside } from "../../host/claimed-outside.ts";
import { runsOnEarlierPolicies } from "../../host/earlier-policies.ts";
import { chosenEngine, type EngineChoice, engineTroubles } from "../../host/engine.ts";
import { ExitCode } from "../../host/exit-code.ts";
import { driftOf } from "../../host/held-names.ts";
import { listening } from "../../host/listening.ts";
import { domainNames, misnamedPolicies } from "../../host/load.ts";
import { lostLayers } from "../../host/lost-layers.ts";
import { runningDomains } from "../../host/running.ts";
import { hasCode } from "../../kernel/errno-error.ts";
import { probeHost } from "../../kernel/probe/host-facts.ts";
import { PLACES_OF_HOST } from "../../plan/mediator-places.ts";
import { type Command, type Context, jsonOption } from "../command.ts";
import { toJson } from "../json.ts";
import { sealingAbility } from "../render/doctor.ts";
import { type HostStatus, type RunningDomain, renderStatus } from "../render/status.ts";

export const status: Command = {
  name: "status",
  operands: [],
  summary: "an overview of the host: engine, agent, domains, events, problems",
  description: [
    "Shows the engine, the agent and the shared mediator, domains by level, running domains, " +
      "processes that keep an earlier policy, granted names whose file was replaced or " +
      "removed since the start, layers that are missing, and today's events. It names processes " +
      "that run outside the domain whose `enter` names them, and counts the listening sockets in " +
      "domains. " +
      "Problems come last. It needs no agent.",
    "Exit status: 0; 1 if something needs attention: a lost holder or mediator, a broken " +
      "policy, events lost or not written, a host that cannot seal domains; 3 if the agent does " +
      "not answer.",
  ],
  options: [jsonOption],
  examples: [
    { line: "cofferdam status", what: "for people" },
    { line: "cofferdam status --json | jq .agent", what: "for a monitor" },
  ],
  async run(context, _operands, options) {
    const now = await look(context);
    context.out(options.json ? toJson(now) : renderStatus(now, context));
    return now.attention.length === 0 ? ExitCode.ok : ExitCode.no;
  },
};

async function look({ places }: Context): Promise<HostStatus> {
  const agent = await askAgentIfThere(agentStatus, "/v1/status", places.system.control);
  const domains = runningDomains(places);
  const facts = probeHost();
  const ability = sealingAbility(facts);
  const engine = chosenEngine(places, facts);
  const processes = listProcesses({ ...domains, threads: false, details: false });
  const inDomains = running(processes);
  const runs = livingRuns(domains.runs, processes);
  const claimed = claimedOutside(places, processes);
  const ownMediators = mediatorsOfOneRun(places.system.mediatorSocket);
  const earlier = new Set(runsOnEarlierPolicies(places, runs));
  const lostHolders = runs.filter(({ holderState }) => holderState === "lost");
  return {
    engine: ability.state === "able" || engine.engine === "bpf-lsm" ? engine.engine : null,
    domains: agent?.domains ?? domainNames(places).length,
    runs: runs.map((run) => ({
      ...runFacts(run),
      holder: run.holderState,
      keepsEarlierPolicy: earlier.has(run),
      drift: driftOf(run),
    })),
    running: inDomains,
    lost: lostLayers(places, runs),
    ownMediators,
    agent,
    claimed,
    listening: listening(processes),
    attention: [
      ...(ability.state === "able"
        ? []
        : [`this host lacks ${ability.missing.join(" and ")}: cofferdam doctor`]),
      ...engineTroubles(places, engine),
      ...lostHolders.map(
        ({ domain, pid }) => `the holder of ${domain} (process ${pid}) is lost: restart the daemon`,
      ),
      ...(ownMediators?.length === PLACES_OF_HOST
        ? ["all places for mediators of one run are taken: end some of these runs"]
        : []),
      ...(agent === null ? [] : troubles(agent)),
      ...unseen(agent?.refusals ?? null, usesLandlock(engine, inDomains)),
      ...misnamedPolicies(places).map((file) => `${file} is not read: policies end in .yaml`),
    ],
  };
}

function runFacts({ pid, domain, number, mode, level, live }: Run) {
  return { pid, domain, number, mode, level, live };
}

/** null if the caller may not see them. */
function mediatorsOfOneRun(socket: string): readonly Claimant[] | null {
  try {
    return takenPlaces(placesBeside(socket));
  } catch (error) {
    if (hasCode(error, "EACCES", "EPERM")) return null;
    throw error;
  }
}

function troubles(agent: AgentStatus): readonly string[] {
  const { bad, mediator, sessions, drift, events } = agent;
  return [
    ...(mediator === null || mediator.state === "running"
      ? []
      : ["the shared mediator does not run"]),
    ...(sessions?.state === "waiting"
      ? ["the session server does not run: no user gets a sandboxed shell"]
      : []),
    ...(drift?.problems ?? []),
    ...bad.map((name) => `the policy of ${name} is broken: cofferdam check ${name}`),
    ...(events.today.lost > 0
      ? [
          `${events.today.lost} events of today are lost: cofferdam events --since 1d ` +
            "--verdict failed",
        ]
      : []),
    ...(events.lost > 0 ? [`${events.lost} events could not be written`] : []),
    ...(events.problem === null ? [] : [`the event log cannot be written: ${events.problem}`]),
  ];
}

function usesLandlock({ engine }: EngineChoice, running: readonly RunningDomain[]): boolean {
  return engine === "landlock" || running.some((domain) => domain.engine === "landlock");
}

/** Which refusals of the kernel do not reach the log, and why. */
export function unseen(
  refusals: AgentStatus["refusals"],
  isLandlockUsed: boolean,
): readonly string[] {
  if (refusals === null) return [];
  if (refusals.state === "waiting")
    return ["the kernel's refusals are not in the log: their collector does not run"];
  // What the other engine refuses, it tells by itself.
  if (!isLandlockUsed) return [];
  const { landlock, programs, capabilities } = refusals;
  return [
    ...(landlock === null ? [] : [`what Landlock refuses is not in the log: ${landlock}`]),
    ...(programs === null ? [] : [`what cgroup programs refuse is not in the log: ${programs}`]),
    ...(capabilities === null
      ? []
      : [`capabilities used at level warning are not in the log: ${capabilities}`]),
  ];
}

function running(processes: ReturnType<typeof listProcesses>): readonly RunningDomain[] {
  const found = new Map<string, RunningDomain>();
  for (const { confinement } of processes) {
    if (typeof confinement === "string") continue;
    const { domain, number, level, engine, mode } = confinement;
    const key = JSON.stringify([domain, number, level, engine, mode]);
    const before = found.get(key);
    found.set(key, {
      ...{ domain, number, level, engine, mode },
      filterBehind: (before?.filterBehind ?? 0) + (isFilterBehind(confinement) ? 1 : 0),
      processes: (before?.processes ?? 0) + 1,
    });
  }
  return [...found.values()].sort((a, b) => a.domain.localeCompare(b.domain));
}
