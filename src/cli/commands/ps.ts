import { printable } from "../../base/printable.ts";
import { nearest } from "../../diagnostics/nearest.ts";
import { type ListedProcess, listProcesses } from "../../domains/processes.ts";
import { renderWorlds } from "../../esxi/ps/worlds.ts";
import { type ClaimedOutside, claimedOutside, claimSentences } from "../../host/claimed-outside.ts";
import { ExitCode } from "../../host/exit-code.ts";
import { domainNames } from "../../host/load.ts";
import { runningDomains } from "../../host/running.ts";
import { type Command, type Context, jsonOption } from "../command.ts";
import { toJson } from "../json.ts";
import { renderProcesses } from "../render/processes.ts";

/** Of `-TcjstvZ`: each means nothing without the others here. */
const dialect = ["c", "j", "s", "t", "v"] as const;

export const ps: Command = {
  name: "ps",
  operands: [{ name: "[domain]", description: "only the processes of this domain" }],
  summary: "which process is in which domain, and what holds it",
  description: [
    "Every process that is in a domain: the domain's number and name, the level in force, and the mode: `sealed` processes are held by the kernel and keep the level of their start, `supervised` ones follow `domain level` while they run. `-` stands for a domain without a number (an ordinary user's).",
    "As root a process's domain is read from its control group, which no domain can change. The runs of ordinary users have none: their processes are found by their parents, and where these have ended the answer may be `unknown`.",
    "A process that a policy's `enter` names by unit or executable, and that is in no domain, " +
      "is told of at the end, with the domain.",
    "-TcjstvZ, as one word or in any order, prints the columns of ESXi's ps, threads included.",
    "Exit status: 0, also when no process is in a domain.",
  ],
  options: [
    {
      flags: "-Z, --all",
      description: "every process of the host, those in no domain (superDom) too",
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
    const processes = listProcesses({
      ...runningDomains(context.places),
      threads,
      details: worlds,
    });
    const shown = processes.filter((process) => isWanted(process, domain, options.all === true));
    const claimed = worlds
      ? []
      : claimedOutside(context.places, processes).filter(
          (one) => domain === undefined || one.domain === domain,
        );
    if (options.json) context.out(toJson(withClaims(shown, processes, claimed)));
    else if (worlds) context.out(renderWorlds(shown));
    else if (shown.length === 0)
      context.out(domain === undefined ? nobody : noneIn(context, domain));
    else
      context.out(
        renderProcesses(shown, { width: options.wide === true ? null : context.width, threads }),
      );
    if (!options.json)
      for (const text of claimSentences(claimed)) context.out(`${printable(text)}\n`);
    return ExitCode.ok;
  },
};

/** Those that a domain would have stand among the others, with its name. */
function withClaims(
  shown: readonly ListedProcess[],
  all: readonly ListedProcess[],
  claimed: readonly ClaimedOutside[],
) {
  const domains = new Map(claimed.map(({ pid, domain }) => [pid, domain]));
  const added = all.filter((one) => domains.has(one.pid) && !shown.includes(one));
  return [...shown, ...added].map((one) => {
    const claimedBy = domains.get(one.pid);
    return claimedBy === undefined ? one : { ...one, claimedBy };
  });
}

const nobody = "no process of this host is in a domain; ps -Z shows all of them\n";

function noneIn({ places }: Context, domain: string): string {
  const names = domainNames(places);
  const meant = names.includes(domain) ? null : nearest(domain, names);
  return `no process is in the domain \`${domain}\`${meant === null ? "" : `; did you mean \`${meant}\`?`}\n`;
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
