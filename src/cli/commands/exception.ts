import type { Command } from "../command.ts";
import { exceptionAdd } from "./exception/add.ts";
import { exceptionEnd } from "./exception/end.ts";
import { exceptionList } from "./exception/list.ts";
import { exceptionPromote } from "./exception/promote.ts";

export const exception: Command = {
  name: "exception",
  operands: [],
  summary: "grants that end by themselves: add, list, end, promote them",
  description: [
    "An exception is a line that a domain is granted for a time, beside its policy file, which " +
      "stays as it is. All commands that tell what a domain may do count it. It ends by itself, " +
      "also if no agent runs then, over reboots, and if the clock is set.",
    "These commands ask the host's agent. Only root may add and promote exceptions; members of " +
      "the group cofferdam may list and end them.",
  ],
  options: [],
  examples: [
    {
      line: "cofferdam exception add nginx 'r /srv/new/**' --for 2h --why 'move of the shop'",
      what: "until the policy is edited",
    },
    { line: "cofferdam exception list", what: "what is granted for a time, and by whom" },
  ],
  subcommands: [exceptionAdd, exceptionList, exceptionEnd, exceptionPromote],
};
