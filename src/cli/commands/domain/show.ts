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
  summary: "show one domain: level, runs, the policy in force",
  description: [
    "Shows who set the level. Root, the group cofferdam and users with processes in the domain " +
      "also see the policy in force, with includes and variables expanded. For a virtual " +
      "machine, root also sees each name that now leads elsewhere than when it was accepted.",
  ],
  options: [jsonOption],
  examples: [{ line: "cofferdam domain show nginx", what: "with includes and variables expanded" }],
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

/** null if the machine is off, or the caller may not see where its names lead. */
function machineDrift({ places }: Context, name: string): readonly string[] | null {
  const machine = places.asRoot ? readMachine(places.system.machines, name) : null;
  return machine === null ? null : driftOf(machine);
}
