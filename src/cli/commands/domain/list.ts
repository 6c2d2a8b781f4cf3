import { shownDomains } from "../../../host/agent-answers.ts";
import { ExitCode } from "../../../host/exit-code.ts";
import { type Command, jsonOption } from "../../command.ts";
import { toJson } from "../../json.ts";
import { renderDomains } from "../../render/domains.ts";
import { ask } from "./ask.ts";

export const domainList: Command = {
  name: "list",
  operands: [],
  summary: "all domains with their levels and what runs in them",
  description: [
    "SWITCH says whether a new level reaches what runs: `live`, or `restart` where some processes keep the level of their start. EVENTS counts the denials and warnings of today. `!` behind a name: its file is broken, and what was in force still is.",
  ],
  options: [jsonOption],
  examples: [
    { line: "cofferdam domain list", what: "what there is" },
    {
      line: "cofferdam domain list --json | jq '.domains[] | select(.level != \"enforcing\")'",
      what: "what is not enforced",
    },
  ],
  async run(context, _operands, options) {
    const answer = await ask(context, shownDomains, "GET", "/domains");
    context.out(options.json ? toJson(answer) : renderDomains(answer.domains));
    return ExitCode.ok;
  },
};
