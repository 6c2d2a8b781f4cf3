import { printable } from "../../base/printable.ts";
import type { ShownDetails, ShownDomain } from "../../host/agent-answers.ts";
import { KERNEL_ALONE } from "../../model/policy.ts";
import { columns } from "./columns.ts";
import { localTime, timeLeft } from "./local-time.ts";
import { shortPolicy } from "./short-policy.ts";

const head = [
  "NUMBER",
  "NAME",
  "LEVEL",
  "ENGINE",
  "MEDIATION",
  "SWITCH",
  "PROCS",
  "EVENTS",
] as const;

/** For people; superDom first. */
export function renderDomains(domains: readonly ShownDomain[], now = Date.now()): string {
  const rows = domains.map((one) => [
    String(one.number),
    `${one.name}${one.state === "bad" ? "!" : ""}${one.drift > 0 ? "~" : ""}`,
    `${one.level ?? "?"}${one.until === null ? "" : ` (${timeLeft(one.until, now)})`}`,
    one.engine,
    one.engine === "bpf-lsm" ? "-" : (one.mediation ?? "?"),
    one.filterBehind > 0 ? "live, filter" : (one.switch ?? "-"),
    String(one.processes),
    String(one.eventsToday),
  ]);
  return columns([[...head], ["0", "superDom", "-", "-", "-", "-", "-", "-"], ...rows], [0, 6, 7]);
}

function nextStart({ engine, mediation }: ShownDetails): string {
  if (engine === "bpf-lsm") return "in the kernel (bpf-lsm)";
  if (mediation === KERNEL_ALONE) return "none here: only the bpf-lsm engine holds it";
  return mediation ?? "?";
}

export function renderDetails(one: ShownDetails): string {
  const given = one.givenBy;
  const by =
    given === null
      ? "by its policy"
      : `given by ${given.name ?? given.uid} ${localTime(given.since)}`;
  const until = one.until === null ? "" : `, until ${localTime(one.until)}`;
  const runs = `${one.runs} ${one.runs === 1 ? "run" : "runs"}`;
  const where = one.runs === 0 ? "" : ` in ${runs}`;
  const processes = one.processes === 0 ? "none" : `${one.processes}${where}`;
  const lines = [
    `${one.name}, number ${one.number}`,
    `  level      ${one.level ?? "?"}, ${by}${until}`,
    "  policy     " +
      printable(one.file) +
      (one.state === "bad" ? ", broken: the previous one stays in force" : ""),
    ...(one.exceptions === 0
      ? []
      : [
          `  for a time ${one.exceptions} ${one.exceptions === 1 ? "exception" : "exceptions"}: ` +
            `cofferdam exception list ${one.name}`,
        ]),
    `  next start ${nextStart(one)}`,
    ...(one.filterBehind === 0
      ? []
      : [
          `  filter     of another level, of system calls: ${one.filterBehind} of its processes, ` +
            "until they are restarted",
        ]),
    ...(one.drift === 0
      ? []
      : [
          `  drift      ${one.drift} granted ${one.drift === 1 ? "name is" : "names are"} out of ` +
            "reach: cofferdam domain stale",
        ]),
    `  processes  ${processes}; events today: ${one.eventsToday}`,
    ...one.running.map((run) => {
      const level = run.live ? "follows the level" : `since its start at ${run.levelAtStart}`;
      const holder = run.holder === "lost" ? ", holder lost" : "";
      return `    ${run.pid}  ${run.mode}, ${level}${holder}  ${printable(run.command)}`;
    }),
    ...(one.units.length === 0 ? [] : [`  units      ${one.units.join(" ")}`]),
  ];
  const policy = one.policy === null ? null : shortPolicy(one.policy);
  const more = [one.problems, policy].filter((text) => text !== null);
  return `${lines.join("\n")}\n${more.map((text) => `\n${text}`).join("")}`;
}
