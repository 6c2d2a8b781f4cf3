import { wrap } from "../../base/wrap.ts";
import { type DriftEntry, drift } from "../../compile/drift.ts";
import { hostSnapshot } from "../../compile/host-snapshot.ts";
import { lsmPlan, renderLsmPlan } from "../../compile/lsm/lsm-plan.ts";
import { planJson, renderPlan } from "../../compile/render-plan.ts";
import { entersInKernel, notHeldHere } from "../../host/engine.ts";
import { ExitCode } from "../../host/exit-code.ts";
import { hostNow } from "../../host/host.ts";
import { lsmTable } from "../../host/lsm.ts";
import { readyPlans } from "../../host/ready-plans.ts";
import { refusedSockets } from "../../host/refused-sockets.ts";
import { standingOf } from "../../host/standing.ts";
import { startOfUnit } from "../../host/units/unit.ts";
import { unseenCapabilities, unseenRefusals } from "../../host/unseen-refusals.ts";
import { type Engine, engines } from "../../model/engines/engine.ts";
import {
  type Command,
  CommandError,
  type Context,
  jsonOption,
  type Options,
  policyOption,
  setOption,
} from "../command.ts";
import { compileDomain } from "../compile-domain.ts";
import { toJson } from "../json.ts";
import { renderDrift } from "../render/drift.ts";
import { renderRefusedSockets } from "../render/refused-sockets.ts";
import { requirePolicy } from "../require-policy.ts";
import { wantedDomain, wantedLevel } from "../wanted.ts";

export const plan: Command = {
  name: "plan",
  operands: [{ name: "[domain]", description: "the domain's name" }],
  summary: "what this host would do for a domain, layer by layer",
  description: [
    "Shows each layer and what it enforces or lacks, the kernel's rules, the calls that the " +
      "mediator decides and their cost, patterns that stand for single files, and grants that " +
      "this host cannot give. For supervised domains it also shows what a new level does not " +
      "change. As root it counts the socket calls that the kernel's programs refused. It changes " +
      "nothing.",
    "Where the host's engine is bpf-lsm it shows each rule with the hooks of the kernel that " +
      "decide it, and what is held otherwise than by landlock, or not.",
    "--drift shows the files that changed since the domain's ready plans were made. A daemon " +
      "that was started from such a plan has the old files until it is restarted.",
    "Exit status: 0; with --drift 1 if something changed.",
  ],
  options: [
    policyOption,
    setOption,
    { flags: "--level <level>", description: "the plan of `run --level`" },
    { flags: "--drift", description: "compare the ready plans with the host" },
    {
      flags: "--engine <engine>",
      description: "landlock or bpf-lsm; by default the one that the host uses",
    },
    {
      flags: "--unit <name>",
      description: "the plan for this running unit, which may have mounts of its own",
    },
    jsonOption,
  ],
  examples: [
    { line: "cofferdam plan nginx", what: "before the first start" },
    {
      line: "cofferdam plan --unit memcached memcached",
      what: "with the unit's own /tmp, and what its settings hide",
    },
    {
      line: "cofferdam plan --engine bpf-lsm nginx",
      what: "by which hook the kernel would hold each rule, and what it would not hold",
    },
    { line: "cofferdam plan --drift nginx", what: "after an upgrade: does nginx need a restart?" },
  ],
  async run(context, [domain], options) {
    if (options.drift === true) return showDrift(context, domain, options);
    if (wantedEngine(context, options) === "bpf-lsm") return showLsm(context, domain, options);
    const made = await compileDomain(context, wantedDomain(domain, options), options, {
      effect: "look",
      ...(typeof options.unit === "string" ? startOfUnit(options.unit) : {}),
    });
    // A look at a domain of the kernel's alone is one at the start that there is.
    if (made.engine !== "landlock") throw notByLandlock(made.domain);
    const refused = refusedSockets(context.places, made.domain);
    const unseen = [
      ...(made.mode === "sealed" && made.engine === "landlock"
        ? unseenRefusals(context.places, hostNow().facts)
        : []),
      ...(made.level === "warning" ? unseenCapabilities(context.places) : []),
    ];
    const notes = unseen.map(
      (text) => `${wrap(`Not in the event log: ${text}.`, context.width, "")}\n`,
    );
    context.out(
      options.json
        ? toJson({ ...planJson(made), refused, unseenRefusals: unseen })
        : renderPlan(made, { width: context.width }) +
            renderRefusedSockets(refused) +
            notes.join(""),
    );
    return ExitCode.ok;
  },
};

function notByLandlock(domain: string): CommandError {
  const { why } = notHeldHere(domain);
  return new CommandError(why, `cofferdam plan --engine bpf-lsm ${domain}`);
}

/** `--engine`, or the host's. */
function wantedEngine({ places }: Context, { engine, unit }: Options): Engine {
  const named = engines.find((one) => one === engine);
  if (named !== undefined) return named;
  if (engine !== undefined)
    throw new CommandError(
      `\`${String(engine)}\` is not an engine`,
      `the engines are ${engines.join(" and ")}`,
      ExitCode.usage,
    );
  // A unit's own mounts mean something to the launcher alone.
  return unit === undefined && places.asRoot && entersInKernel(places) ? "bpf-lsm" : "landlock";
}

function showLsm(context: Context, domain: string | undefined, options: Options): ExitCode {
  const { policy, files } = requirePolicy(context, domain, options);
  const standing = standingOf(context.places, policy, files, false);
  const level = wantedLevel(options) ?? standing.level;
  const table = lsmTable(context.places, policy, files);
  const plan = lsmPlan(policy, { ...standing, level }, table);
  context.out(options.json ? toJson(plan) : renderLsmPlan(plan, context.width));
  return ExitCode.ok;
}

interface PlanDrift {
  readonly file: string;
  readonly drift: readonly DriftEntry[];
}

function showDrift(context: Context, domain: string | undefined, options: Options): ExitCode {
  const { name } = requirePolicy(context, domain, options).policy;
  const ready = readyPlans(context.places, name);
  if (ready.length === 0) {
    throw new CommandError(
      `there is no ready plan of \`${name}\` in ${context.places.plans}`,
      "it appears with the first start: cofferdam run",
    );
  }
  const snapshot = hostSnapshot();
  const drifted: PlanDrift[] = ready.map(({ file, plan: old }) => ({
    file,
    drift: drift(old, snapshot),
  }));
  context.out(
    options.json
      ? toJson(drifted)
      : drifted.map((one) => renderDrift(one.file, one.drift)).join("\n"),
  );
  return drifted.some((one) => one.drift.length > 0) ? ExitCode.no : ExitCode.ok;
}
