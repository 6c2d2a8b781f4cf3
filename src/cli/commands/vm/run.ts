import type { ExitCode } from "../../../host/exit-code.ts";
import { powerOn } from "../../../machines/power-on.ts";
import type { Command } from "../../command.ts";
import { userOption, wantedMachine } from "./wanted.ts";

export const vmRun: Command = {
  name: "run",
  operands: [{ name: "<words...>", description: "NAME, then the emulator with its options" }],
  usage: "[--user USER] NAME -- EMULATOR [OPTION...]",
  summary: "power a machine on, and stay until it is off",
  description: [
    "Reads the emulator's command line, makes the domain vm@NAME from it, and starts the " +
      "emulator in that domain. If an option could reach something that no rule can describe, " +
      "the emulator is not started; the message names the option's position and an alternative.",
    "The first start records the targets of symbolic links and the parents of disk images. If " +
      "these differ later, the start is refused until `cofferdam vm accept`.",
    "Exit status: the emulator's.",
  ],
  options: [userOption],
  examples: [
    {
      line:
        "cofferdam vm run --user libvirt-qemu web1 -- qemu-system-x86_64 -drive " +
        "file=web1.qcow2,format=qcow2 -nographic",
      what: "a machine whose emulator has no privileges",
    },
  ],
  run: async (context, words, options) =>
    (await powerOn(context.places, wantedMachine(context, words, options))) as ExitCode,
};
