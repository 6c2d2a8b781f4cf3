import { setTimeout as pause } from "node:timers/promises";
import { HOST_RUNS, listRuns } from "../src/domains/runs.ts";
import { hasOwnHost, kilobytes, OwnHost, processorMs } from "./own-host.ts";
import { progress } from "./progress.ts";
import type { Scratch } from "./scratch.ts";
import { type Row, rootOnly } from "./table.ts";

/** Design: so many domains, each with a process that runs. */
const DOMAINS = 100;
const MEMORY_BUDGET_MIB = 150;
const IDLE_BUDGET_PERCENT = 0.1;
/**
 * After the starts, until what they left behind has settled, the first tidying of the minute among
 * it, which reads every new plan; then so long is looked at, which has one more in it. In
 * milliseconds.
 */
const SETTLE_MS = 65_000;
const IDLE_MS = 60_000;
/** Starts at a time: each compiles its domain first. */
const AT_ONCE = 2;
/** One pair of them, in milliseconds. */
const START_MS_MAX = 60_000;

/** What agent and shared mediator take at rest, and beside them the holders, one a run. */
export async function agentAtRest(scratch: Scratch): Promise<Row[]> {
  if (!hasOwnHost()) return [rootOnly("agent at rest", "MiB")];
  const names = Array.from({ length: DOMAINS }, (_, i) => `bench-rest-${i}`);
  const policies = new Map(names.map((name, i) => [name, policyText(i)]));
  const host = await OwnHost.start(policies);
  try {
    const mediator = await host.mediator();
    progress(`${DOMAINS} domains with a process each`);
    for (let i = 0; i < names.length; i += AT_ONCE) {
      for (const name of names.slice(i, i + AT_ONCE))
        host.run(name, ["/usr/bin/sleep", "3600"], scratch.file("sleep"));
      await started(Math.min(i + AT_ONCE, names.length));
    }
    await pause(SETTLE_MS);
    progress(`idle for ${IDLE_MS / 1000} s`);
    const holders = listRuns(HOST_RUNS).map((run) => run.holder);
    const of = (measure: (pid: number) => number) => ({
      agent: measure(host.agent),
      mediator: measure(mediator),
      holders: holders.reduce((sum, pid) => sum + measure(pid), 0),
    });
    const before = of(processorMs);
    await pause(IDLE_MS);
    const after = of(processorMs);
    const memory = of((pid) => kilobytes(`/proc/${pid}/smaps_rollup`, "Pss") / 2 ** 20);
    const share = (name: keyof typeof before) => ((after[name] - before[name]) / IDLE_MS) * 100;
    const percent = {
      agent: share("agent"),
      mediator: share("mediator"),
      holders: share("holders"),
    };
    const [used, busy] = [memory.agent + memory.mediator, percent.agent + percent.mediator];
    return [
      {
        what: `${DOMAINS} domains, memory (PSS)`,
        unit: "MiB",
        figures: { ...memory, "agent+mediator": used },
        note: `budget ${MEMORY_BUDGET_MIB}: ${used <= MEMORY_BUDGET_MIB ? "met" : "MISSED"}`,
      },
      {
        what: "idle, of one processor",
        unit: "%",
        figures: { ...percent, "agent+mediator": busy },
        note:
          `budget ${IDLE_BUDGET_PERCENT}: ` +
          `${busy <= IDLE_BUDGET_PERCENT ? "met" : "MISSED"}; counted in steps of ` +
          `${1_000 / IDLE_MS}`,
      },
    ];
  } finally {
    await host.stop();
  }
}

async function started(count: number): Promise<void> {
  for (const since = performance.now(); listRuns(HOST_RUNS).length < count; await pause(10))
    if (performance.now() - since > START_MS_MAX)
      throw new Error(`only ${listRuns(HOST_RUNS).length} domains run`);
}

function policyText(i: number): string {
  return `summary: benchmark
level: warning
include: [base, name-service]
files:
  - rx /usr/bin/sleep
  - r /etc/bench-${i}/**
  - rwcd /var/lib/bench-${i}/**
network: [listen tcp ${20_000 + i}]
inherit: [stdio]
syscalls: ["@system-service"]
signals: [self]
`;
}
