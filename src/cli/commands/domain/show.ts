import type { ShownDetails } from "../../../agent/show.ts";
import { ExitCode } from "../../../host/exit-code.ts";
import { type Command, jsonOption } from "../../command.ts";
import { toJson } from "../../json.ts";
import { renderDetails } from "../../render/domains.ts";
import { ask, domainName } from "./ask.ts";

export const domainShow: Command = {
  name: "show",
  operands: [{ name: "<domain>", description: "the domain's name" }],
  summary: "one domain: level and who gave it, runs, the policy in force",
  description: [
    "The policy is shown as the agent has it in force, with includes and variables written out; root and the group cofferdam see it, and users whose processes run in the domain.",
  ],
  options: [jsonOption],
  examples: [{ line: "cofferdam domain show nginx", what: "its policy, written out" }],
  async run(context, [word = ""], options) {
    const details = await ask<ShownDetails>(context, "GET", `/domains/${domainName(word)}`);
    context.out(options.json ? toJson(details) : renderDetails(details));
    return ExitCode.ok;
  },
};
