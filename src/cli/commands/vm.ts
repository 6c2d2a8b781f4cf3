import type { Command } from "../command.ts";
import { vmAccept } from "./vm/accept.ts";
import { vmList } from "./vm/list.ts";
import { vmRefresh } from "./vm/refresh.ts";
import { vmRun } from "./vm/run.ts";
import { vmShow } from "./vm/show.ts";

export const vm: Command = {
  name: "vm",
  operands: [],
  summary: "virtual machines, each in a domain of its own",
  description: [
    "Each machine has a domain while it is on. The domain grants what the template `vm@` " +
      "grants and what the emulator's command line names.",
  ],
  options: [],
  examples: [
    {
      line:
        "cofferdam vm run web1 -- qemu-system-x86_64 -drive file=web1.qcow2,format=qcow2 " +
        "-nographic",
      what: "power it on",
    },
    { line: "cofferdam vm list", what: "running machines" },
  ],
  subcommands: [vmRun, vmList, vmShow, vmRefresh, vmAccept],
};
