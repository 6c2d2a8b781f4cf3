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
    "Reads the emulator's command line, makes the domain vm@NAME of what it names, and starts the emulator in it. An option that could reach what no rule can describe stops the start, with its place and what to write instead.",
    "Where names lead, and which parents disk images have, is recorded at the first start; a difference later stops the start until `cofferdam vm accept`.",
    "Exit status: the emulator's.",
  ],
  options: [userOption],
  examples: [
    {
      line: "cofferdam vm run --user libvirt-qemu web1 -- qemu-system-x86_64 -drive file=web1.qcow2,format=qcow2 -nographic",
      what: "a machine whose emulator has no privileges",
    },
  ],
  run: async (context, words, options) =>
    (await powerOn(context.places, wantedMachine(context, words, options))) as ExitCode,
};
