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
    "`run` calls this command if there is no valid plan. As root with cgroup v2 it also makes " +
      "the cgroup with the domain's programs.",
    "Exit status: 0 with a plan, 3 without.",
  ],
  options: [
    { flags: "--out <file>", description: "the plan's file, which is replaced atomically" },
    policyOption,
    setOption,
    {
      flags: "--groups <names>",
      description: "supplementary groups of a unit's processes, with colons between",
    },
    { flags: "--level <level>", description: "enforcing, warning or disabled, for this one plan" },
    {
      flags: "--for <start>",
      description:
        "kernel, caller and options as `run` states them; without it no start uses the plan",
    },
    {
      flags: "--into <descriptor>",
      description: "an open memfd that also gets the plan, for the `run` that is waiting for it",
    },
    {
      flags: "--root <descriptor>",
      description: "an open directory: the root that the domain's processes will see",
    },
  ],
  examples: [{ line: "cofferdam compile --out ~/nginx.plan nginx", what: "a plan to look at" }],
  async run(context, [domain], options) {
    const { out } = options;
    if (typeof out !== "string")
      throw new CommandError("no file to write to", "write --out FILE", ExitCode.usage);
    const modes = modesFor(process.geteuid?.() ?? 0);
    // Makes Cofferdam's own folders before the compiler looks: they are facts of the plan, so
    // making them later would make it stale.
    for (const folder of [
      dirname(resolve(out)),
      context.places.plans,
      dirname(context.places.events),
    ])
      makeFolder(folder, modes);
    const into = descriptorOf("--into", options.into);
    const root = descriptorOf("--root", options.root);
    const plan = await compileDomain(context, wantedDomain(domain, options), options, {
      effect: "prepare",
      ...(root === null ? {} : { root: `/proc/self/fd/${root}` }),
      ...(typeof options.groups === "string" ? { groups: options.groups.split(":") } : {}),
    });
    const start: readonly Fact[] =
      typeof options.for === "string" ? [{ kind: "start", text: options.for }] : [];
    const bytes = encodePlan({ ...plan, facts: [...plan.facts, ...start] });
    writeWhole(resolve(out), bytes, modes);
    if (into !== null) writeAll(into, bytes);
    if (dirname(resolve(out)) === context.places.plans) prunePlans(resolve(out), plan.domain);
    return ExitCode.ok;
  },
};

function descriptorOf(flag: string, option: unknown): number | null {
  if (option === undefined) return null;
  if (typeof option === "string" && /^\d{1,9}$/.test(option)) return Number(option);
  throw new CommandError(
    `\`${option}\` is not a descriptor`,
    `write its number: ${flag} 3`,
    ExitCode.usage,
  );
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
}
