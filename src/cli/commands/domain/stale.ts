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
    "For each run: programs and libraries that it executes and that were replaced or removed; " +
      "single files that it is granted and that were replaced, so that the new ones are refused " +
      "until a restart; policy files that changed since its start. Last the domains whose ready " +
      "plan the next start makes anew. It needs no agent.",
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
  run(context, _operands, options) {
    const stale = staleDomains(context.places);
    context.out(options.json ? toJson(stale) : renderStale(stale, context.width));
    return stale.runs.length + stale.plans.length === 0 ? ExitCode.ok : ExitCode.no;
  },
};
