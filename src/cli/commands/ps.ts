import { printable } from "../../base/printable.ts";
import { nearest } from "../../diagnostics/nearest.ts";
import { type ListedProcess, listProcesses } from "../../domains/processes.ts";
import type { Run } from "../../domains/runs.ts";
import { renderWorlds } from "../../esxi/ps/worlds.ts";
import { type ClaimedOutside, claimedOutside, claimSentences } from "../../host/claimed-outside.ts";
import { runsOnEarlierPolicies } from "../../host/earlier-policies.ts";
import { ExitCode } from "../../host/exit-code.ts";
import { domainNames } from "../../host/load.ts";
import { runningDomains } from "../../host/running.ts";
import { type Command, type Context, jsonOption } from "../command.ts";
import { toJson } from "../json.ts";
import { renderProcesses } from "../render/processes.ts";

/** The letters of ESXi's `-TcjstvZ`, which count only together. */
const dialect = ["c", "j", "s", "t", "v"] as const;

export const ps: Command = {
  name: "ps",
  operands: [{ name: "[domain]", description: "only the processes of this domain" }],
  summary: "list processes with their domains",
  description: [
    "Lists each process in a domain with the domain's number and name, the level in force and " +
      "the mode. `sealed` processes keep the level of their start; `supervised` ones follow " +
      "`domain level` while they run, and so do those that the bpf-lsm engine holds (`kernel`), " +
      "but for a filter of system calls that `run` gave them. `-` stands for a domain without a " +
      "number, such as an ordinary user's.",
    "The control group of a process shows which of root's domains it is in; no domain can " +
      "change that. Domains of ordinary users have no control group: `ps` walks the parents of a " +
      "process, and shows `unknown` if one of them has ended.",
    "The last lines name each process that runs outside every domain although a policy's " +
      "`enter` names its unit or executable.",
    "-TcjstvZ, as one word or in any order, prints the columns of ESXi's ps, threads included.",
    "Exit status: 0, also when no process is in a domain.",
  ],
  options: [
    {
      flags: "-Z, --all",
      description: "every process of the host, also outside all domains (superDom)",
    },
    { flags: "-T, --threads", description: "threads in rows of their own" },
    { flags: "-w, --wide", description: "do not cut commands at the end of the line" },
    jsonOption,
    ...dialect.map((letter) => ({ flags: `-${letter}`, description: "of -TcjstvZ", hidden: true })),
  ],
  examples: [
    { line: "cofferdam ps", what: "what is in domains" },
    { line: "cofferdam ps -Z", what: "every process, with its domain" },
    { line: "cofferdam ps -TcjstvZ | grep nginx", what: "as on ESXi" },
    { line: "cofferdam ps --json nginx", what: "for programs" },
  ],
  run(context, [domain], options) {
    const worlds = options.all === true && dialect.every((letter) => options[letter] === true);
    const threads = options.threads === true;
    const domains = runningDomains(context.places);
    const processes = listProcesses({ ...domains, threads, details: worlds });
    const shown = processes.filter((process) => isWanted(process, domain, options.all === true));
    const claimed = worlds ? [] : claimedOutside(context.places, processes, domain);
    const runs = domains.runs.filter((run) => domain === undefined || run.domain === domain);
    const earlier = worlds ? [] : runsOnEarlierPolicies(context.places, runs);
    const isEarlier = (one: ListedProcess): boolean => earlier.some((run) => isOf(run, one));
    if (options.json) context.out(toJson(withFindings(shown, processes, claimed, isEarlier)));
    else if (worlds) context.out(renderWorlds(shown));
    else if (shown.length === 0)
      context.out(domain === undefined ? noMembers : noneIn(context, domain));
    else
      context.out(
        renderProcesses(shown, {
          width: options.wide === true ? null : context.width,
          threads,
          isEarlier,
        }),
      );
    if (!options.json)
      for (const text of claimSentences(claimed)) context.out(`${printable(text)}\n`);
    return ExitCode.ok;
  },
};

/** A process that was moved into the domain's group belongs to no run. */
function isOf({ pid, domain }: Run, { confinement }: ListedProcess): boolean {
  return (
    typeof confinement !== "string" && confinement.run === pid && confinement.domain === domain
  );
}

/**
 * Adds processes that a domain's `enter` claims but that run outside it, and marks processes whose
 * run keeps an earlier policy.
 */
function withFindings(
  shown: readonly ListedProcess[],
  all: readonly ListedProcess[],
  claimed: readonly ClaimedOutside[],
  isEarlier: (one: ListedProcess) => boolean,
) {
  const domains = new Map(claimed.map(({ pid, domain }) => [pid, domain]));
  const added = all.filter((one) => domains.has(one.pid) && !shown.includes(one));
  return [...shown, ...added].map((one) => {
    const claimedBy = domains.get(one.pid);
    const found = { ...one, ...(isEarlier(one) ? { keepsEarlierPolicy: true } : {}) };
    return claimedBy === undefined ? found : { ...found, claimedBy };
  });
}

const noMembers = "no process of this host is in a domain; ps -Z shows all of them\n";

function noneIn({ places }: Context, domain: string): string {
  const names = domainNames(places);
  const meant = names.includes(domain) ? null : nearest(domain, names);
  const question = meant === null ? "" : `; did you mean \`${meant}\`?`;
  return `no process is in the domain \`${domain}\`${question}\n`;
}

function isWanted(
  { confinement }: ListedProcess,
  domain: string | undefined,
  all: boolean,
): boolean {
  if (domain !== undefined)
    return (typeof confinement === "string" ? confinement : confinement.domain) === domain;
  return all || confinement !== "superDom";
}
