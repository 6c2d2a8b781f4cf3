import type { AgentStatus } from "../../agent/status.ts";
import { agentIfThere } from "../../host/agent-client.ts";
import { ExitCode } from "../../host/exit-code.ts";
import { domainNames } from "../../host/load.ts";
import { lostLayers } from "../../host/lost-layers.ts";
import { runningDomains } from "../../host/running.ts";
import { probeHost } from "../../kernel/probe/host-facts.ts";
import { type Command, type Context, jsonOption } from "../command.ts";
import { toJson } from "../json.ts";
import { sealingAbility } from "../render/doctor.ts";
import { type HostStatus, renderStatus } from "../render/status.ts";

export const status: Command = {
  name: "status",
  operands: [],
  summary: "engine, domains, what runs, what is lost, what was counted",
  description: [
    "What this host holds now: the engine, domains and runs, layers that ready plans do without, the agent, the shared mediator, and counters of events and of what was dropped. Works without an agent, and says so.",
    "Exit status: 0; 1 where something needs attention: a holder lost, a broken policy, events lost, a host that cannot hold domains.",
  ],
  options: [jsonOption],
  examples: [
    { line: "cofferdam status", what: "for people" },
    { line: "cofferdam status --json | jq .agent", what: "for a monitor" },
  ],
  async run(context, _operands, options) {
    const now = await look(context);
    context.out(options.json ? toJson(now) : renderStatus(now, context.width));
    return now.attention.length === 0 ? ExitCode.ok : ExitCode.no;
  },
};

async function look({ places }: Context): Promise<HostStatus> {
  const agent = (await agentIfThere("/v1/status", places.system.control)) as AgentStatus | null;
  const { runs } = runningDomains(places);
  const ability = sealingAbility(probeHost());
  const lostHolders = runs
    .filter(({ holderState }) => holderState === "lost")
    .map(({ domain, pid }) => ({ domain, pid }));
  const attention = [
    ...(ability.state === "able" ? [] : [`this host lacks ${ability.missing.join(" and ")}: cofferdam doctor`]),
    ...lostHolders.map(({ domain, pid }) => `the holder of ${domain} (process ${pid}) is lost: restart the daemon`),
    ...(agent?.bad ?? []).map((name) => `the policy of ${name} is broken: cofferdam check ${name}`),
    ...(agent !== null && agent.events.lost > 0 ? [`${agent.events.lost} events could not be written`] : []),
    ...(agent?.events.problem == null ? [] : [`the event log cannot be written: ${agent.events.problem}`]),
  ];
  return {
    engine: ability.state === "able" ? "landlock" : null,
    domains: agent?.domains ?? domainNames(places).length,
    runs: runs.map(({ pid, domain, number, mode, level, live, holderState }) => ({
      pid,
      domain,
      number,
      mode,
      level,
      live,
      holder: holderState,
    })),
    lost: lostLayers(places),
    agent,
    attention,
  };
}
