import { shownDomains } from "../../../host/agent-answers.ts";
import { ExitCode } from "../../../host/exit-code.ts";
import { type Command, jsonOption } from "../../command.ts";
import { toJson } from "../../json.ts";
import { renderDomains } from "../../render/domains.ts";
import { ask } from "./ask.ts";

export const domainList: Command = {
  name: "list",
  operands: [],
  summary: "list all domains with their levels and processes",
  description: [
    "SWITCH is `live` if running processes follow a new level, and `restart` if some keep the " +
      "level of their start. `filter` beside it: some keep the filter of system calls that " +
      "`run` gave them at another level, on the bpf-lsm engine. EVENTS counts today's denials " +
      "and warnings. `!` after a name means that its file is broken and the previous policy " +
      "stays in force. `~` means that granted names no longer reach what they did at the start " +
      "of a sealed process: `cofferdam domain stale` tells which.",
  ],
  options: [jsonOption],
  examples: [
    { line: "cofferdam domain list", what: "the table" },
    {
      line: "cofferdam domain list --json | jq '.domains[] | select(.level != \"enforcing\")'",
      what: "domains that are not at level enforcing",
    },
  ],
  async run(context, _operands, options) {
    const answer = await ask(context, shownDomains, "GET", "/domains");
    context.out(options.json ? toJson(answer) : renderDomains(answer.domains));
    return ExitCode.ok;
  },
};
