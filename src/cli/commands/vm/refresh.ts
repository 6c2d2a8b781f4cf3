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
  summary: "follow changed links for a running machine",
  description: [
    "If a symbolic link has changed since the machine was powered on, its domain still grants " +
      "the old target and denies the new one. This command prints the differences, records them " +
      "as accepted, and gives the running machine the new policy. It does not read the parents " +
      "of images again, because the machine could have written them.",
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
      // Headers are no reason for a grant here, because the running machine may be writing them.
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
