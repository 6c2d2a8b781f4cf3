import { ExitCode } from "../../host/exit-code.ts";
import { type Command, type CommandOption, jsonOption, type Options } from "../command.ts";
import { parseDuration } from "../duration.ts";
import { toJson } from "../json.ts";
import { detailsOf, lookAt } from "../ready/look.ts";
import { judge } from "../ready/reasons.ts";
import { renderReadiness } from "../ready/render.ts";
import { domainName } from "./domain/ask.ts";

/** A day has the daily jobs of a host in it. */
const LEAST_DEFAULT = "1d";

export const leastOption: CommandOption = {
  flags: "--least <time>",
  description: `how long it must have been at warning: 30m, 2h, 7d (default ${LEAST_DEFAULT})`,
};

export function leastSeconds({ least }: Options): number {
  return parseDuration(typeof least === "string" ? least : LEAST_DEFAULT);
}

export const ready: Command = {
  name: "ready",
  operands: [{ name: "<domain>", description: "the domain's name" }],
  summary: "say whether a domain at level warning may be enforced, and why",
  description: [
    "Prints `ready`, `not yet` or `cannot tell`, and under it each reason. It is not ready while " +
      "the policy does not grant something that the domain was warned about, before it has been " +
      "at level warning long enough, or if no start of it was seen meanwhile. The policy as it " +
      "is now decides about all warnings, those of earlier policies included. Accesses that a " +
      "`deny` rule of the policy refuses are denied on purpose and do not count.",
    "It cannot be told if events were lost, or if something of the domain was not recorded. Set " +
      "the level to warning again, and the time begins anew.",
    "What a daemon has not done yet may need more than what it has: the command says which " +
      "reloads, rotations of logs and upgrades of packages it has seen.",
    "It lists the grants that nothing has used meanwhile, and says of how many that cannot be " +
      "known: a sealed domain's granted accesses are seen by nobody, nor are granted system calls.",
    "The agent keeps what it sees on disk, so that it survives restarts and rotations of the " +
      "event log.",
    "Exit status: 0 ready; 1 not yet, or it cannot be told; 3 no agent, or no such domain.",
  ],
  options: [leastOption, jsonOption],
  examples: [
    { line: "cofferdam ready nginx", what: "after a day at level warning" },
    { line: "cofferdam ready nginx --least 2h", what: "two hours are enough" },
    { line: "cofferdam ready nginx --json | jq -r .verdict", what: "for a monitor" },
  ],
  async run(context, [word = ""], options) {
    const details = await detailsOf(context, domainName(word));
    const found = judge(await lookAt(context, details, leastSeconds(options)));
    context.out(options.json ? toJson(found) : renderReadiness(found, context.width));
    return found.verdict === "ready" ? ExitCode.ok : ExitCode.no;
  },
};
