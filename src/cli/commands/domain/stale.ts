import { ExitCode } from "../../../host/exit-code.ts";
import { staleDomains } from "../../../host/stale-domains.ts";
import { type Command, jsonOption } from "../../command.ts";
import { toJson } from "../../json.ts";
import { renderStale } from "../../render/stale.ts";

export const domainStale: Command = {
  name: "stale",
  operands: [],
  summary: "what to restart after an upgrade: domains on replaced files or an earlier policy",
  description: [
    "Shows for each run the programs and libraries in use that were replaced or removed; the " +
      "granted files and directories that were replaced or removed, so that a file which has " +
      "the name now is refused until a restart; and whether the run still has an earlier policy " +
      "than the policy file. Then it lists the domains whose ready plan the next start would " +
      "make anew (`cofferdam domain renew` makes it now), and those of which a restart would " +
      "fail: the policy no longer compiles, or an enabled unit has a supplementary group that " +
      "is gone. Shipped policies that nothing uses are left out. It needs no agent.",
    "Exit status: 0 where nothing is stale, 1 where something is.",
  ],
  options: [jsonOption],
  examples: [
    { line: "sudo cofferdam domain stale", what: "after apt upgrade" },
    {
      line: "sudo cofferdam domain stale --json | jq -r '.runs[].domain' | sort -u",
      what: "what to restart, for a script",
    },
  ],
  async run(context, _operands, options) {
    const stale = await staleDomains(context.places);
    context.out(options.json ? toJson(stale) : renderStale(stale, context.width));
    const { runs, plans, broken } = stale;
    return runs.length + plans.length + broken.length === 0 ? ExitCode.ok : ExitCode.no;
  },
};
