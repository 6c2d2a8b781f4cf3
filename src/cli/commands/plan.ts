import { wrap } from "../../base/wrap.ts";
import { type DriftEntry, drift } from "../../compile/drift.ts";
import { hostSnapshot } from "../../compile/host-snapshot.ts";
import { planJson, renderPlan } from "../../compile/render-plan.ts";
import { ExitCode } from "../../host/exit-code.ts";
import { hostNow } from "../../host/host.ts";
import { readyPlans } from "../../host/ready-plans.ts";
import { refusedSockets } from "../../host/refused-sockets.ts";
import { unseenRefusals } from "../../host/unseen-refusals.ts";
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
import { wantedDomain } from "../wanted.ts";

export const plan: Command = {
  name: "plan",
  operands: [{ name: "[domain]", description: "the domain's name" }],
  summary: "what this host would do for a domain, layer by layer",
  description: [
    "Layers with what they hold or lose, the kernel's rules, the calls that are asked about and what that costs, grants that became single files, grants that are lost; at level warning and for supervised domains, which calls are asked about and what a switch of level does not change. As root also how often the kernel refused sockets to the daemons of its ready plans. Nothing is made or changed.",
    "With --drift: what changed on the host since the domain's ready plans were made. A daemon started from such a plan holds the old files until it is restarted.",
    "Exit status: 0; with --drift 1 where something drifted.",
  ],
  options: [
    policyOption,
    setOption,
    { flags: "--level <level>", description: "as if it were started with `run --level`" },
    { flags: "--drift", description: "compare the ready plans with the host" },
    jsonOption,
  ],
  examples: [
    { line: "cofferdam plan nginx", what: "before the first start" },
    { line: "cofferdam plan --drift nginx", what: "after an upgrade: does nginx need a restart?" },
  ],
  async run(context, [domain], options) {
    if (options.drift === true) return showDrift(context, domain, options);
    const made = await compileDomain(context, wantedDomain(domain, options), options, "look");
    const refused = refusedSockets(context.places, made.domain);
    const unseen = made.mode === "sealed" ? unseenRefusals(context.places, hostNow().facts) : [];
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

interface PlanDrift {
  readonly file: string;
  readonly drift: readonly DriftEntry[];
}

function showDrift(context: Context, domain: string | undefined, options: Options): ExitCode {
  const { name } = requirePolicy(context, domain, options).policy;
  const ready = readyPlans(context.places, name);
  if (ready.length === 0) {
    throw new CommandError(
      `no plan of \`${name}\` lies ready in ${context.places.plans}`,
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
