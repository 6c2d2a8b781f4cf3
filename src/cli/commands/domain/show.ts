import { shownDetails } from "../../../host/agent-answers.ts";
import { ExitCode } from "../../../host/exit-code.ts";
import { driftOf } from "../../../machines/drift.ts";
import { machineOf, readMachine } from "../../../machines/machine.ts";
import { type Command, type Context, jsonOption } from "../../command.ts";
import { toJson } from "../../json.ts";
import { renderDetails } from "../../render/domains.ts";
import { renderMachineDrift } from "../../render/machine-drift.ts";
import { ask, domainName } from "./ask.ts";

export const domainShow: Command = {
  name: "show",
  operands: [{ name: "<domain>", description: "the domain's name" }],
  summary: "one domain: level and who gave it, runs, the policy in force",
  description: [
    "The policy is shown as the agent has it in force, with includes and variables written out; root and the group cofferdam see it, and users whose processes run in the domain. Of a virtual machine root also sees which names of its description lead elsewhere now than its domain grants.",
  ],
  options: [jsonOption],
  examples: [{ line: "cofferdam domain show nginx", what: "its policy, written out" }],
  async run(context, [word = ""], options) {
    const details = await ask(context, shownDetails, "GET", `/domains/${domainName(word)}`);
    const machine = machineOf(details.name);
    const drift = machine === null ? null : machineDrift(context, machine);
    const shown = drift === null ? "" : renderMachineDrift(machine ?? "", drift);
    context.out(
      options.json
        ? toJson(drift === null ? details : { ...details, drift })
        : renderDetails(details) + shown,
    );
    return ExitCode.ok;
  },
};

/** null for those who may not see where root's names lead, and for a machine that is off. */
function machineDrift({ places }: Context, name: string): readonly string[] | null {
  const machine = places.asRoot ? readMachine(places.system.machines, name) : null;
  return machine === null ? null : driftOf(machine);
}
