/**
 * `npm run bench`: every table of docs/benchmarks.md. Progress on standard error, the report on
 * standard output, with `--json` as one object. What is here measures; nothing asserts a time.
 */
import { agentAtRest } from "./agent.ts";
import { compileTimes } from "./compile.ts";
import { daemonThroughput } from "./daemons.ts";
import { eventRates } from "./events.ts";
import { executionTimes } from "./executions.ts";
import { isolationTimes } from "./isolation.ts";
import { lateNameThroughput } from "./late-names.ts";
import { launchTimes } from "./launch.ts";
import { levelSwitches } from "./levels.ts";
import { loginTimes } from "./logins.ts";
import { lsmCosts } from "./lsm.ts";
import { machine } from "./machine.ts";
import { machineThroughput } from "./machines.ts";
import { operationTimes } from "./operations.ts";
import { inOwnHost } from "./own-host.ts";
import { progress } from "./progress.ts";
import { psTimes } from "./ps.ts";
import { refusalCosts } from "./refusals.ts";
import { reloadTimes } from "./reload.ts";
import { ruleCosts } from "./rules.ts";
import { Scratch } from "./scratch.ts";
import { senderThroughput } from "./senders.ts";
import { supervisedTimes } from "./supervised.ts";
import { type Row, renderTable } from "./table.ts";

const sections: Readonly<
  Record<string, { title: string; measure: (scratch: Scratch) => Row[] | Promise<Row[]> }>
> = {
  launch: { title: "Launch", measure: launchTimes },
  operations: { title: "One operation", measure: operationTimes },
  supervised: { title: "One operation of a supervised domain", measure: supervisedTimes },
  exec: { title: "One execution: vfork, execve, wait", measure: executionTimes },
  isolation: { title: "Slowest call beside a hostile domain", measure: isolationTimes },
  levels: { title: "From an order to a level in force", measure: levelSwitches },
  events: { title: "Events a second into the log", measure: eventRates },
  refusals: { title: "The kernel's refusals in the log", measure: refusalCosts },
  agent: { title: "Agent and mediator at rest", measure: agentAtRest },
  reload: { title: "One policy reloaded", measure: reloadTimes },
  daemons: { title: "Daemons", measure: daemonThroughput },
  senders: { title: "Daemons that send", measure: senderThroughput },
  "late-names": { title: "Daemons whose opens are notified", measure: lateNameThroughput },
  rules: { title: "Number of rules", measure: ruleCosts },
  compile: { title: "Compiling", measure: compileTimes },
  logins: { title: "Logins", measure: loginTimes },
  machines: { title: "Virtual machines", measure: machineThroughput },
  ps: { title: "Listing processes", measure: psTimes },
  lsm: { title: "One operation under the bpf-lsm engine", measure: lsmCosts },
};

const words = process.argv.slice(2);
if (words.includes("--help")) {
  process.stdout.write(usage());
  process.exit(0);
}
const json = words.includes("--json");
const named = words.filter((word) => word !== "--json");
const unknown = named.find((word) => !Object.hasOwn(sections, word));
if (unknown !== undefined) {
  process.stderr.write(
    `bench: there is no \`${unknown}\`; there are ${Object.keys(sections).join(", ")}\n`,
  );
  process.exit(2);
}

const status = inOwnHost();
if (status !== null) process.exit(status);
const about = machine();
const scratch = new Scratch();
const tables: { title: string; rows: Row[] }[] = [];
try {
  for (const [name, { title, measure }] of Object.entries(sections)) {
    if (named.length > 0 && !named.includes(name)) continue;
    progress(title);
    tables.push({ title, rows: await measure(scratch) });
  }
} finally {
  scratch.close();
}
const report = tables.map(({ title, rows }) => renderTable(title, rows)).join("\n");
process.stdout.write(
  json ? `${JSON.stringify({ machine: about, tables })}\n` : `${about}\n\n${report}`,
);

function usage(): string {
  const width = Math.max(...Object.keys(sections).map((name) => name.length));
  const lines = Object.entries(sections).map(
    ([name, { title }]) => `  ${name.padEnd(width)}  ${title}`,
  );
  return [
    "Usage: npm run bench -- [--json] [SECTION]...",
    "",
    "Measures the sections named, without any all of them:",
    ...lines,
    "",
    "As root most sections have more rows. Ratios within one run are what counts.",
    "",
  ].join("\n");
}
