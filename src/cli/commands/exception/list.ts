import { shownExceptions } from "../../../host/agent-answers.ts";
import { ExitCode } from "../../../host/exit-code.ts";
import { type Command, jsonOption } from "../../command.ts";
import { toJson } from "../../json.ts";
import { exceptionLines } from "../../render/exceptions.ts";
import { ask, domainName } from "../domain/ask.ts";

export const exceptionList: Command = {
  name: "list",
  operands: [{ name: "[domain]", description: "only of this one" }],
  summary: "list what is granted for a time",
  description: [
    "Shows each exception with its number, what it grants, when it ends, who added it, when and " +
      "why. Those that have ended are in the event log: `cofferdam events --verdict audit`.",
  ],
  options: [jsonOption],
  examples: [
    { line: "cofferdam exception list", what: "of all domains" },
    { line: "cofferdam exception list nginx --json", what: "of one, for programs" },
  ],
  async run(context, [word], options) {
    const domain = word === undefined ? null : domainName(word);
    const { exceptions } = await ask(context, shownExceptions, "GET", "/exceptions");
    const shown = exceptions.filter((one) => domain === null || one.domain === domain);
    const text = shown.map((one) => exceptionLines(one, context.width)).join("");
    const none = `${domain === null ? "no domain has" : `${domain} has no`} exceptions\n`;
    context.out(options.json ? toJson({ exceptions: shown }) : text || none);
    return ExitCode.ok;
  },
};
