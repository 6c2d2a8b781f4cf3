import { wrap } from "../../../base/wrap.ts";
import { type AddedToDomain, addedException } from "../../../host/agent-answers.ts";
import { parseGrant } from "../../../host/exception-grant.ts";
import { ExitCode } from "../../../host/exit-code.ts";
import {
  type Command,
  CommandError,
  type Context,
  jsonOption,
  type Options,
} from "../../command.ts";
import { complain } from "../../complain.ts";
import { parseDuration } from "../../duration.ts";
import { toJson } from "../../json.ts";
import { exceptionLines } from "../../render/exceptions.ts";
import { renderRestarts } from "../../render/restarts.ts";
import { ask, domainName } from "../domain/ask.ts";

export const exceptionAdd: Command = {
  name: "add",
  operands: [
    { name: "<domain>", description: "the domain's name; of a template, one instance" },
    {
      name: "<grant>",
      description: "a line of files, network or signals, in quotes: 'r /srv/new/**'",
    },
  ],
  summary: "grant a line for a time",
  description: [
    "Supervised processes have the exception at once, and so has every new start. A sealed " +
      "process gets it at its next start, and keeps it until the start after: the command names " +
      "such processes and how to restart them. Deny rules of the policy beat an exception, too; " +
      "the command names those that take away some of it.",
    "What a process takes for good when it starts (capabilities, system calls, memory, ipc, " +
      "inherit) could not end, and is refused. So is a dangerous line, such as a secret, a " +
      "program that the domain could write, another domain's files, or a socket of a server that " +
      "acts as root, unless --dangerous is given: the message says what is dangerous about it.",
    "A domain may have 16 exceptions, each for a week at most. Adding and ending are audit events.",
    "Exit status: 0 if it is in force, even if processes need a restart; 2 for a grant that is " +
      "no line of a policy; 3 otherwise.",
  ],
  options: [
    { flags: "--for <time>", description: "how long: 90s, 30m, 2h, 1d; at most 7d" },
    { flags: "--why <text>", description: "the reason, for the list and the event log" },
    { flags: "--dangerous", description: "grant it although it is dangerous" },
    jsonOption,
  ],
  examples: [
    {
      line: "cofferdam exception add nginx 'r /srv/new/**' --for 2h --why 'move of the shop'",
      what: "files",
    },
    {
      line:
        "cofferdam exception add redis-server 'connect tcp 10.0.0.7:6379' --for 1d --why " +
        "'replication test'",
      what: "an address",
    },
  ],
  async run(context, [word = "", typed = ""], options) {
    const domain = domainName(word);
    const { seconds, why } = wanted(options);
    requireGrant(context, typed, options);
    const dangerous = options.dangerous === true ? { dangerous: true } : {};
    const body = { grant: typed, seconds, why, ...dangerous };
    const added = await ask(context, addedException, "POST", `/domains/${domain}/exceptions`, body);
    context.out(options.json ? toJson(added) : render(added, context.width));
    return ExitCode.ok;
  },
};

function wanted(options: Options): { readonly seconds: number; readonly why: string } {
  const { why } = options;
  if (typeof options.for !== "string")
    throw new CommandError(
      "an exception has an end",
      "write --for 2h; what is needed for good belongs into the policy",
      ExitCode.usage,
    );
  if (typeof why !== "string" || why.trim() === "")
    throw new CommandError(
      "an exception has a reason",
      "write --why 'what it is for': the list and the log show it to the next administrator",
      ExitCode.usage,
    );
  return { seconds: parseDuration(options.for), why };
}

/** The agent checks it, too; here its place is shown. @throws CommandError */
function requireGrant(context: Context, typed: string, options: Options): void {
  const parsed = parseGrant(typed);
  if (parsed.state === "good") return;
  if (parsed.state === "refused") throw new CommandError(parsed.why, parsed.help, ExitCode.usage);
  complain(context, parsed.diagnostics, parsed.sources, options);
  throw new CommandError(
    "the grant is no line of a policy",
    "man cofferdam-policy shows what lines look like",
    ExitCode.usage,
  );
}

function render(added: AddedToDomain, width: number): string {
  const { exception, dangers, denials, following, restart } = added;
  const runs = `${following} supervised ${following === 1 ? "run has" : "runs have"} it already`;
  const notes = [
    ...(following === 0 ? [] : [runs]),
    ...dangers.map((danger) => `careful: ${danger}`),
    ...(denials.length === 0 ? [] : [`the policy still denies: ${denials.join(", ")}`]),
  ];
  const lines = notes.map((note) => `${wrap(`  ${note}`, width, "    ")}\n`).join("");
  return exceptionLines(exception, width) + lines + renderRestarts(restart, "policy");
}
