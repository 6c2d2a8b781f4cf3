import { dirname, resolve } from "node:path";
import { hold } from "../../compile/facts.ts";
import { ExitCode } from "../../host/exit-code.ts";
import { prunePlans } from "../../host/prune-plans.ts";
import { makeFolder, modesFor, writeWhole } from "../../host/write-whole.ts";
import { encodePlan } from "../../plan/encode.ts";
import type { Fact } from "../../plan/plan.ts";
import { type Command, CommandError, policyOption, setOption } from "../command.ts";
import { compileDomain } from "../compile-domain.ts";
import { wantedDomain } from "../wanted.ts";

/**
 * A level that is switched while its plan is made makes that plan stale, and no start uses it. What
 * goes on changing is left to be found by the start.
 */
const COMPILATIONS_MAX = 3;

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
    const make = () => compileDomain(context, wantedDomain(domain, options), options, "prepare");
    let plan = await make();
    for (let made = 1; made < COMPILATIONS_MAX && !hold(plan.facts); made++) plan = await make();
    const start: readonly Fact[] =
      typeof options.for === "string" ? [{ kind: "start", text: options.for }] : [];
    writeWhole(resolve(out), encodePlan({ ...plan, facts: [...plan.facts, ...start] }), modes);
    if (dirname(resolve(out)) === context.places.plans) prunePlans(resolve(out), plan.domain);
    return ExitCode.ok;
  },
};
