import { livingRuns } from "../../domains/living-runs.ts";
import { type Claimant, placesBeside, takenPlaces } from "../../domains/mediator-places.ts";
import { listProcesses } from "../../domains/processes.ts";
import { type AgentStatus, agentStatus } from "../../host/agent-answers.ts";
import { askAgentIfThere } from "../../host/agent-client.ts";
import { claimedOutside } from "../../host/claimed-outside.ts";
import { ExitCode } from "../../host/exit-code.ts";
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
  summary: "engine, domains, what runs, what is lost, what was counted",
  description: [
    "What this host holds now: the engine, the agent and the shared mediator, domains by " +
      "level, what runs in them, layers that what runs does without, and today's events. " +
      "Processes that a policy's `enter` names and that run outside its domain are told of, and " +
      "how many of the sockets that listen on this host are in a domain. What somebody should " +
      "look at comes last. Works without an agent, and says so.",
    "Exit status: 0; 1 where something needs attention: a holder or a mediator lost, a broken " +
      "policy, events lost or not written, a host that cannot hold domains; 3 where the agent " +
      "does not answer.",
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
  const ability = sealingAbility(probeHost());
  const processes = listProcesses({ ...domains, threads: false, details: false });
  const inDomains = running(processes);
  const runs = livingRuns(domains.runs, processes);
  const claimed = claimedOutside(places, processes);
  const ownMediators = mediatorsOfOneRun(places.system.mediatorSocket);
  const lostHolders = runs.filter(({ holderState }) => holderState === "lost");
  return {
    engine: ability.state === "able" ? "landlock" : null,
    domains: agent?.domains ?? domainNames(places).length,
    runs: runs.map(({ pid, domain, number, mode, level, live, holderState }) => ({
      ...{ pid, domain, number, mode, level, live },
      holder: holderState,
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
      ...lostHolders.map(
        ({ domain, pid }) => `the holder of ${domain} (process ${pid}) is lost: restart the daemon`,
      ),
      ...(ownMediators?.length === PLACES_OF_HOST
        ? ["no place is left for a mediator of one run: end some of those runs"]
        : []),
      ...(agent === null ? [] : troubles(agent)),
      ...misnamedPolicies(places).map((file) => `${file} is not read: policies end in .yaml`),
    ],
  };
}

/** Null for whoever may not see them. */
function mediatorsOfOneRun(socket: string): readonly Claimant[] | null {
  try {
    return takenPlaces(placesBeside(socket));
  } catch (error) {
    if (hasCode(error, "EACCES", "EPERM")) return null;
    throw error;
  }
}

function troubles({ bad, mediator, sessions, refusals, events }: AgentStatus): readonly string[] {
  return [
    ...(mediator === null || mediator.state === "running"
      ? []
      : ["the shared mediator does not run"]),
    ...(sessions?.state === "waiting"
      ? ["the session server does not run: nobody gets a sandboxed shell"]
      : []),
    ...unseen(refusals),
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

/** What of the kernel's refusals does not reach the log, and why. */
function unseen(refusals: AgentStatus["refusals"]): readonly string[] {
  if (refusals === null) return [];
  if (refusals.state === "waiting")
    return ["the kernel's refusals are not in the log: their collector does not run"];
  const { landlock, programs } = refusals;
  return [
    ...(landlock === null ? [] : [`what Landlock refuses is not in the log: ${landlock}`]),
    ...(programs === null ? [] : [`what cgroup programs refuse is not in the log: ${programs}`]),
  ];
}

function running(processes: ReturnType<typeof listProcesses>): readonly RunningDomain[] {
  const found = new Map<string, RunningDomain>();
  for (const { confinement } of processes) {
    if (typeof confinement === "string") continue;
    const { domain, number, level, mode } = confinement;
    const key = JSON.stringify([domain, number, level, mode]);
    const before = found.get(key)?.processes ?? 0;
    found.set(key, { domain, number, level, mode, processes: before + 1 });
  }
  return [...found.values()].sort((a, b) => a.domain.localeCompare(b.domain));
}
