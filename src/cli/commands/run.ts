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
    "Replaces itself by COMMAND, confined to the domain; the process id stays. With a ready plan nothing but native code runs before COMMAND; a missing or stale plan is compiled first. Whatever keeps the domain from being enforced in full stops the start, with a message.",
    "Exit status: that of COMMAND; 125 when it was not started, 126 when it cannot be executed, 127 when it was not found.",
  ],
  options: [
    policyOption,
    setOption,
    {
      flags: "--level <level>",
      description:
        "enforcing, warning or disabled, for this run alone: it stays while the run lasts, and `warning` ends with a summary of what would have been denied",
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
    { line: "cofferdam run --policy ./tool.yaml -- ./tool --serve", what: "a policy of one's own" },
    {
      line: "cofferdam run --level warning --policy ./tool.yaml -- ./tool",
      what: "what its policy lacks",
    },
  ],
  run(_context, words) {
    // bin/cofferdam does it itself and asks this program for help alone.
    if (words.length > 0)
      throw new CommandError(
        "`run` is done by the native program",
        "start bin/cofferdam, not the bundle in dist/",
      );
    throw new CommandError("nothing to run", "cofferdam run --help shows how", ExitCode.usage);
  },
};
