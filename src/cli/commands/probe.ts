import { ExitCode } from "../../host/exit-code.ts";
import { decide } from "../../model/decide.ts";
import { type Command, jsonOption, policyOption, setOption } from "../command.ts";
import { heldNames } from "../explain/explain-request.ts";
import { toJson } from "../json.ts";
import { attempts } from "../probe/attempts.ts";
import { outcomeOf } from "../probe/outcome.ts";
import { outcomeJson, renderOutcomes } from "../probe/render.ts";
import { prepareBattery, runBattery } from "../probe/run-battery.ts";
import { requirePolicy } from "../require-policy.ts";

export const probe: Command = {
  name: "probe",
  operands: [{ name: "[domain]", description: "a domain; with --policy none" }],
  summary: "try from inside a domain what a break-in would try",
  description: [
    "Starts a small program in the domain, as `cofferdam run` starts a daemon, at level " +
      "enforcing. It tries to read secrets, to change programs and configuration, to start a " +
      "shell, to reach sockets and other processes, and to use what is dangerous in the kernel. " +
      "Then it does the same at level disabled. So the table says what is possible, and who " +
      "refused the rest: Cofferdam, ordinary permissions, or the kernel.",
    "Nothing is changed: files are opened and closed again, a file that is made has no name, " +
      "nothing is sent, the signal is one that is ignored, and calls that would change the host " +
      "get arguments that the kernel refuses. The domain's processes and its policy are not " +
      "touched. The program gets two grants that the domain may lack: to execute itself, and to " +
      "inherit the descriptors that it reports to. Its events are those of the domain " +
      "`probe.NAME`.",
    "Exit status: 0 if the domain can do nothing that its policy does not grant, 1 otherwise.",
  ],
  options: [policyOption, setOption, jsonOption],
  examples: [
    { line: "cofferdam probe nginx", what: "as root, with the daemon's user" },
    { line: "cofferdam probe --policy ./tool.yaml", what: "as yourself" },
  ],
  async run(context, [domain], options) {
    const required = requirePolicy(context, domain, options);
    const { places } = context;
    const battery = prepareBattery(places, required.policy);
    try {
      const tried = attempts(process.pid);
      const { policy, view } = heldNames(context, required, battery.policy);
      const inside = await runBattery(places, battery, "enforcing", tried, context.err);
      const outside = await runBattery(places, battery, "disabled", tried, context.err);
      const outcomes = tried.map((attempt, at) => {
        const decision = decide(policy, attempt.request, view);
        return outcomeOf(attempt, inside[at] ?? -1, outside[at] ?? -1, decision);
      });
      const told = { domain: required.policy.name, outcomes };
      context.out(
        options.json === true ? toJson(outcomeJson(told)) : renderOutcomes(told, context.width),
      );
      return outcomes.some(({ isGap }) => isGap) ? ExitCode.no : ExitCode.ok;
    } finally {
      battery.remove();
    }
  },
};
