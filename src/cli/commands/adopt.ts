import { processesInGroup } from "../../domains/cgroup-path.ts";
import { type Adoptees, FROM_ELSEWHERE, requireOthers } from "../../host/adoptees.ts";
import { ExitCode } from "../../host/exit-code.ts";
import { HostError } from "../../host/host-error.ts";
import { keptOutside } from "../../host/kept-outside.ts";
import { type PutInForce, putInForce } from "../../host/lsm.ts";
import { type Claim, claimsOf } from "../../host/units/unit-domain.ts";
import { groupsOfUnits } from "../../host/units/unit-groups.ts";
import { suggest } from "../../model/suggest.ts";
import { heldOutside } from "../../protect/of-process.ts";
import { type Command, CommandError, type Context, jsonOption } from "../command.ts";
import { toJson } from "../json.ts";
import { requirePolicy } from "../require-policy.ts";

export const adopt: Command = {
  name: "adopt",
  operands: [
    { name: "<domain>", description: "a domain of the host" },
    {
      name: "[processes...]",
      description:
        "process ids, by default those of the units that enter the domain; their descendants in " +
        "the same control group are adopted as well",
    },
  ],
  summary: "put running processes into a domain of the kernel's",
  description: [
    "Puts running processes with all their threads and descendants into a domain, without a " +
      "restart, on kernels that load BPF LSM programs. What they fork stays in it.",
    "Descendants in other control groups stay outside: sshd's sessions, for example, work on as " +
      "before. So do the command itself and what it was started from, its shell and sudo among " +
      "them; it refuses to adopt these by their process ids. It says what it leaves outside.",
    "It holds what the policy says of files, network, capabilities, signals, IPC, and memory " +
      "that is made executable, of descriptors that are received too. It refuses mounts, " +
      "user namespaces, bpf(2), and tracing processes of other domains. It does NOT hold system " +
      "calls as such: a filter can be added at a start alone (cofferdam unit enable). What an " +
      "adopted process has open stays open. The command lists, as lines of a policy, what of " +
      "it the policy does not grant: files that still have their names, code, and sockets " +
      "that serve or have connected by TCP or UDP, or are bound to a unix name. It does NOT " +
      "list standard descriptors, removed files, memfds, accepted connections, connected unix " +
      "sockets, sockets of other families, or descriptors of perf, io_uring and bpf.",
    "The policy and the level of the domain follow the agent's: `domain level` and `domain " +
      "reload` are in force with the next access. Without an agent, call it again after a " +
      "change, with or without processes. Enforcement goes on whether or not an agent runs; " +
      "`cofferdam agent --unpin` undoes all of it.",
    "Exit status: 0 if the processes are in the domain, but for what the command says it leaves " +
      "outside; 3 otherwise.",
  ],
  options: [jsonOption],
  examples: [
    { line: "sudo cofferdam adopt nginx", what: "what runs of its unit" },
    {
      line: "sudo cofferdam adopt nginx $(pidof nginx)",
      what: "a daemon that no unit started",
    },
  ],
  run(context, [domain, ...words], options) {
    if (!context.places.asRoot)
      throw new CommandError("only root can adopt processes", "try again with sudo");
    const { policy, files } = requirePolicy(context, domain, options);
    const named = words.map(processId);
    requireOthers(named);
    const wanted =
      words.length > 0
        ? named
        : processesOfUnits(context.places, claimsOf(policy.name, policy, files));
    const told = putInForce(context.places, policy, files, wanted);
    const { number, level, threads, loaded, processes, callers, elsewhere } = told;
    const held = linesHeld(told);
    const count = `${threads} ${threads === 1 ? "thread" : "threads"}`;
    const outside = { callers, elsewhere };
    context.out(
      options.json === true
        ? toJson({ domain: policy.name, number, level, threads, loaded, processes, outside, held })
        : `${policy.name}(${number}): ${level}; adopted ${count}\n` +
            `${renderOutside(outside)}${FILTERLESS}${renderHeld(held)}`,
    );
    return ExitCode.ok;
  },
};

function processesOfUnits(places: Context["places"], claims: readonly Claim[]): readonly number[] {
  const groups = groupsOfUnits(claims.map(({ unit }) => unit));
  const kept = keptOutside(places);
  for (const [unit, group] of groups) {
    const why = kept.group(group);
    if (why !== null)
      throw new HostError(`${unit} is adopted by no domain: ${why}`, "name processes of a daemon");
  }
  return [...groups.values()].flatMap(processesInGroup);
}

/** Limit on the process ids that are printed of each kind. */
const OUTSIDE_SHOWN_MAX = 10;

/** What was named, or descends from it, and is in no domain by this command. */
export function renderOutside({
  callers,
  elsewhere,
}: Pick<Adoptees, "callers" | "elsewhere">): string {
  const own =
    callers.length === 0
      ? ""
      : `Left outside, as this command or what it was started from: ${renderSome(callers)}\n` +
        `  To adopt them, too, ${FROM_ELSEWHERE}\n`;
  const others =
    elsewhere.length === 0
      ? ""
      : "Left outside, in control groups of their own, such as sessions: " +
        `${renderSome(elsewhere)}\n`;
  return `${own}${others}`;
}

function renderSome(processes: readonly number[]): string {
  const shown = processes.slice(0, OUTSIDE_SHOWN_MAX).join(", ");
  const more = processes.length - OUTSIDE_SHOWN_MAX;
  return more > 0 ? `${shown} and ${more} more` : shown;
}

/** seccomp(2) filters the caller alone, and what it starts. */
const FILTERLESS = "System calls as such stay open to them: a filter comes with a start alone.\n";

/** What adopted processes have already, and the policy does not grant: the lines that would. */
function linesHeld({ processes, policy }: PutInForce): readonly string[] {
  const lines = processes
    .flatMap((process) => heldOutside(process, policy))
    .map((request) => suggest(request, null)?.line ?? "");
  return [...new Set(lines)].filter((line) => line !== "").sort();
}

function renderHeld(lines: readonly string[]): string {
  if (lines.length === 0) return "";
  const told = lines.map((line) => `  ${line}\n`).join("");
  return `What they have open stays open, also what the policy does not grant:\n${told}`;
}

function processId(word: string): number {
  if (/^[1-9]\d{0,9}$/.test(word)) return Number(word);
  throw new CommandError(`\`${word}\` is no process id`, "see cofferdam ps -Z", ExitCode.usage);
}
