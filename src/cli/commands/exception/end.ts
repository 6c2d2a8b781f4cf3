import { endedExceptions } from "../../../host/agent-answers.ts";
import { ExitCode } from "../../../host/exit-code.ts";
import { type Command, CommandError, jsonOption } from "../../command.ts";
import { toJson } from "../../json.ts";
import { exceptionName } from "../../render/exceptions.ts";
import { renderRestarts } from "../../render/restarts.ts";
import { ask, domainName } from "../domain/ask.ts";
import { wantedNumber } from "./number.ts";

export const exceptionEnd: Command = {
  name: "end",
  operands: [
    { name: "<domain>", description: "the domain's name" },
    { name: "[number]", description: "of the exception, as `list` shows it; none with --all" },
  ],
  summary: "end an exception before its time",
  description: [
    "Supervised processes lose it at once. A sealed process that was started with it keeps it: " +
      "the command names such processes and how to restart them.",
    "Exit status: 0 if it has ended, even if processes need a restart; 3 otherwise.",
  ],
  options: [{ flags: "--all", description: "every exception of the domain" }, jsonOption],
  examples: [
    { line: "cofferdam exception end nginx 2", what: "the second one" },
    { line: "cofferdam exception end nginx --all", what: "back to what its file says" },
  ],
  async run(context, [word = "", number], options) {
    const domain = domainName(word);
    const all = options.all === true;
    if (all === (number !== undefined))
      throw new CommandError(
        "the number of an exception is wanted, or --all",
        `cofferdam exception list ${domain} shows them`,
        ExitCode.usage,
      );
    const body = all ? {} : { id: wantedNumber(number) };
    const path = `/domains/${domain}/exceptions`;
    const ended = await ask(context, endedExceptions, "DELETE", path, body);
    const names = ended.exceptions.map((one) => `${exceptionName(one)}: ended\n`).join("");
    const text = names || `${domain} had no exceptions\n`;
    context.out(options.json ? toJson(ended) : text + renderRestarts(ended.restart, "policy"));
    return ExitCode.ok;
  },
};
