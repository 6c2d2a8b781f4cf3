import type { AgentStatus } from "../../agent/status.ts";
import { wrap } from "../../diagnostics/wrap.ts";
import type { Run } from "../../domains/runs.ts";
import type { LostLayer } from "../../host/lost-layers.ts";

/** A host and its domains at one moment. */
export interface HostStatus {
  /** null: this host can hold no domain. */
  readonly engine: "landlock" | null;
  readonly domains: number;
  readonly runs: readonly (Pick<Run, "pid" | "domain" | "number" | "mode" | "level" | "live"> & {
    readonly holder: Run["holderState"];
  })[];
  readonly lost: readonly LostLayer[];
  /** null: none runs. */
  readonly agent: AgentStatus | null;
  /** Sentences on what somebody should look at. */
  readonly attention: readonly string[];
}

const MIB = 1024 * 1024;

export function renderStatus(now: HostStatus, width: number): string {
  const { agent } = now;
  const supervised = now.runs.filter(({ mode }) => mode === "supervised").length;
  const lines = [
    `engine    ${now.engine ?? "none: cofferdam doctor tells why"}`,
    `domains   ${now.domains}`,
    `runs      ${now.runs.length}: ${now.runs.length - supervised} sealed, ${supervised} supervised`,
    ...(agent === null ? withoutAgent : withAgent(agent)),
    ...now.lost.map(({ domain, layer, state, detail }) => `${state.padEnd(9)} ${domain}: ${layer}: ${detail}`),
    ...now.attention.map((text) => `attention ${text}`),
  ];
  return lines.map((line) => `${wrap(line, width, " ".repeat(10))}\n`).join("");
}

const withoutAgent = [
  "agent     none runs: levels do not switch live, and each run has a mediator of its own (start it: systemctl start cofferdam-agent, or cofferdam agent)",
];

function withAgent({ pid, since, memory, mediator, events, refusedPeers }: AgentStatus): readonly string[] {
  const kept =
    mediator === null
      ? "none is kept"
      : `${mediator.state}${mediator.pid === null ? "" : `, process ${mediator.pid}`}, restarted ${mediator.restarts} times`;
  const away = Object.entries(events.forwarding).map(([name, why]) => `forward   ${name}: ${why}`);
  return [
    `agent     process ${pid} since ${since}, ${Math.round(memory / MIB)} MiB; refused peers: ${refusedPeers}`,
    `mediator  ${kept}`,
    `events    today: ${events.today}, lost: ${events.lost}`,
    ...away,
  ];
}
