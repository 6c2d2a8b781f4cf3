import { ExitCode } from "../../../host/exit-code.ts";
import { placeResources } from "../../../machines/place.ts";
import { lockOff } from "../../../machines/power-on.ts";
import { describeCommandLine } from "../../../machines/qemu/command-line.ts";
import {
  differences,
  mergeAccepted,
  readAccepted,
  writeAccepted,
} from "../../../machines/record.ts";
import type { Command } from "../../command.ts";
import { userOption, wantedMachine } from "./wanted.ts";

export const vmAccept: Command = {
  name: "accept",
  operands: [{ name: "<words...>", description: "NAME, then the emulator with its options" }],
  usage: "NAME -- EMULATOR [OPTION...]",
  summary: "accept a machine's links and images as they are now",
  description: [
    "Use it after a snapshot, a rebase, or a change of a link on purpose, while the machine is " +
      "off. It prints the differences from what was accepted before, and records the present " +
      "state. Read the differences: the guest can write its image.",
  ],
  options: [userOption],
  examples: [
    {
      line: "cofferdam vm accept web1 -- qemu-system-x86_64 -drive file=web1.qcow2,format=qcow2",
      what: "after qemu-img rebase",
    },
  ],
  run(context, words, options) {
    const { name, args, folder } = wantedMachine(context, words, options);
    const { accepted } = context.places.system.machines;
    // The header of an image of a running machine could change while it is read.
    const off = lockOff(context.places, name);
    const placed = placeResources(describeCommandLine(args, folder).resources);
    const before = readAccepted(accepted, name);
    for (const difference of before === null ? [] : differences(before, placed))
      context.out(`${difference}\n`);
    writeAccepted(accepted, name, mergeAccepted(before, placed));
    off.release();
    return ExitCode.ok;
  },
};
