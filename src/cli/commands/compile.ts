import { writeSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { ExitCode } from "../../host/exit-code.ts";
import { prunePlans } from "../../host/prune-plans.ts";
import { makeFolder, modesFor, writeWhole } from "../../host/write-whole.ts";
import { encodePlan } from "../../plan/encode.ts";
import type { Fact } from "../../plan/plan.ts";
import { type Command, CommandError, policyOption, setOption } from "../command.ts";
import { compileDomain } from "../compile-domain.ts";
import { wantedDomain } from "../wanted.ts";

export const compile: Command = {
  name: "compile",
  operands: [{ name: "[domain]", description: "the domain's name" }],
  summary: "write a domain's plan to a file",
  description: [
    "What `run` does first when there is no valid plan. As root with cgroup version 2 it also makes the cgroup that carries the domain's programs.",
    "Exit status: 0 with a plan, 3 without.",
  ],
  options: [
    { flags: "--out <file>", description: "where the plan goes; the file is replaced whole" },
    policyOption,
    setOption,
    { flags: "--level <level>", description: "enforcing, warning or disabled, for this one plan" },
    {
      flags: "--for <start>",
      description: "what `run` says of kernel, caller and words; no start uses a plan without",
    },
    {
      flags: "--into <descriptor>",
      description: "an open memfd that gets the plan too: it is for the start that waits",
    },
  ],
  examples: [{ line: "cofferdam compile --out /tmp/nginx.plan nginx", what: "a plan to look at" }],
  async run(context, [domain], options) {
    const { out } = options;
    if (typeof out !== "string")
      throw new CommandError("no file to write to", "write --out FILE", ExitCode.usage);
    const modes = modesFor(process.geteuid?.() ?? 0);
    // Before the compiler looks: Cofferdam's own places are facts of the plan, and their appearance
    // would make it stale.
    for (const folder of [
      dirname(resolve(out)),
      context.places.plans,
      dirname(context.places.events),
    ])
      makeFolder(folder, modes);
    const into = descriptorOf(options.into);
    const plan = await compileDomain(context, wantedDomain(domain, options), options, "prepare");
    const start: readonly Fact[] =
      typeof options.for === "string" ? [{ kind: "start", text: options.for }] : [];
    const bytes = encodePlan({ ...plan, facts: [...plan.facts, ...start] });
    writeWhole(resolve(out), bytes, modes);
    if (into !== null) writeAll(into, bytes);
    if (dirname(resolve(out)) === context.places.plans) prunePlans(resolve(out), plan.domain);
    return ExitCode.ok;
  },
};

function descriptorOf(option: unknown): number | null {
  if (option === undefined) return null;
  if (typeof option === "string" && /^\d{1,9}$/.test(option)) return Number(option);
  throw new CommandError(
    `\`${option}\` is no descriptor`,
    "write its number: --into 3",
    ExitCode.usage,
  );
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
}
