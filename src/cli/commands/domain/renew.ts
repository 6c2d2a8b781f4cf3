import { printable } from "../../../base/printable.ts";
import { ExitCode } from "../../../host/exit-code.ts";
import { type RenewedPlan, renewPlans } from "../../../host/renew-plans.ts";
import { type Command, jsonOption } from "../../command.ts";
import { toJson } from "../../json.ts";

export const domainRenew: Command = {
  name: "renew",
  operands: [],
  summary: "make stale plans anew, so that the next starts need not wait for them",
  description: [
    "Compares each ready plan with the host, as a start does. If a start would no longer use a " +
      "plan, because a package was upgraded or a policy edited, the command makes it anew. It " +
      "restarts nothing: running daemons keep the plan of their start (`cofferdam domain " +
      "stale`). The Debian package runs this command after each upgrade of other packages. It " +
      "needs no agent.",
    "Plans of units with mounts of their own, and those of other callers and kernels, are left " +
      "for their next start.",
    "Exit status: 0; 1 if a plan could not be made.",
  ],
  options: [jsonOption],
  examples: [{ line: "sudo cofferdam domain renew", what: "after many files were changed" }],
  async run(context, _operands, options) {
    const plans = await renewPlans(context.places);
    const failed = plans.filter(({ outcome }) => outcome === "failed");
    if (options.json) context.out(toJson({ plans }));
    else {
      context.out(summary(plans));
      for (const { domain, why } of failed)
        context.err(`cofferdam: ${printable(domain)}: no plan can be made\n${why ?? ""}\n`);
    }
    return failed.length === 0 ? ExitCode.ok : ExitCode.no;
  },
};

function summary(plans: readonly RenewedPlan[]): string {
  const count = (outcome: RenewedPlan["outcome"]): number =>
    plans.filter((plan) => plan.outcome === outcome).length;
  const left = count("left");
  return (
    `${count("renewed")} plans made anew, ${count("valid")} were valid` +
    `${left === 0 ? "" : `, ${left} left for their next start`}\n`
  );
}
