import { ExitCode } from "../../../host/exit-code.ts";
import { changeMachine } from "../../../machines/change.ts";
import { machineName, readMachine } from "../../../machines/machine.ts";
import { placeResources } from "../../../machines/place.ts";
import {
  differences,
  mergeAccepted,
  readAccepted,
  writeAccepted,
} from "../../../machines/record.ts";
import { type Command, CommandError } from "../../command.ts";

export const vmRefresh: Command = {
  name: "refresh",
  operands: [{ name: "<name>", description: "the machine's name" }],
  summary: "follow links anew for a machine that is on",
  description: [
    "Where a link leads elsewhere than when the machine was powered on, its domain grants the old name, and opening the new one is denied. This prints what differs, records it as accepted, and gives the running machine the new policy. Parents of images are not taken anew: the machine could have written them.",
  ],
  options: [],
  examples: [{ line: "cofferdam vm refresh web1", what: "after a link to its log was changed" }],
  async run(context, [word = ""]) {
    const { machines } = context.places.system;
    const name = machineName(word);
    if (readMachine(machines, name) === null)
      throw new CommandError(`machine ${name} is not on`, "cofferdam vm list shows those that are");
    await changeMachine(context.places, name, ({ placed }) => {
      const now = placeResources(placed.resources, placed);
      const before = readAccepted(machines.accepted, name) ?? placed;
      // The machine may be writing its images' headers at this moment: they are never the reason
      // for a grant.
      const rebased = differences({ names: {}, parents: before.parents }, now);
      if (rebased.length > 0)
        throw new CommandError(
          `machine ${name} is not as it was accepted: ${rebased.join("; ")}`,
          `power it off, look at its images, then cofferdam vm accept ${name} -- COMMAND...`,
          ExitCode.no,
        );
      for (const difference of differences(placed, now)) context.out(`${difference}\n`);
      writeAccepted(machines.accepted, name, mergeAccepted(before, now));
      return now;
    });
    return ExitCode.ok;
  },
};
