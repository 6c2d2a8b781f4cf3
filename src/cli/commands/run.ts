import { ExitCode } from "../../host/exit-code.ts";
import { type Command, CommandError, policyOption, setOption } from "../command.ts";

export const run: Command = {
  name: "run",
  operands: [
    {
      name: "[words...]",
      description: "DOMAIN, or none with --policy FILE; then COMMAND [ARGUMENT...]",
    },
  ],
  usage: "[DOMAIN] [--] COMMAND [ARGUMENT...]",
  summary: "start a program in a domain",
  description: [
    "Replaces itself with COMMAND, confined to the domain; the process id stays the same. A " +
      "missing or stale plan is compiled first. If the host cannot enforce the domain in full, " +
      "COMMAND is not started, and a message says why.",
    "As root, where the bpf-lsm engine holds the host's domains (docs/bpf-lsm.md), COMMAND " +
      "starts in the kernel's domain; with --level, --set or --policy the landlock engine " +
      "holds it.",
    "Exit status: that of COMMAND; 125 when it was not started, 126 when it cannot be " +
      "executed, 127 when it was not found.",
  ],
  options: [
    policyOption,
    setOption,
    {
      flags: "--level <level>",
      description:
        "enforcing, warning or disabled, for this run; after `warning`, a summary lists the " +
        "accesses that enforcing would have denied",
    },
    {
      flags: "--events <file>",
      description: "write the events of this run to FILE, or - for readable text on standard error",
    },
  ],
  examples: [
    {
      line: "cofferdam run nginx -- nginx -g 'daemon off;'",
      what: "Debian's nginx in the shipped domain",
    },
    { line: "cofferdam run --policy ./tool.yaml -- ./tool --serve", what: "your own policy" },
    {
      line: "cofferdam run --level warning --policy ./tool.yaml -- ./tool",
      what: "show what the policy does not grant",
    },
  ],
  run(_context, words) {
    // bin/cofferdam runs domains itself, and calls this program only for help.
    if (words.length > 0)
      throw new CommandError(
        "only the native program can do `run`",
        "start bin/cofferdam, not the bundle in dist/",
      );
    throw new CommandError("nothing to run", "cofferdam run --help shows how", ExitCode.usage);
  },
};
