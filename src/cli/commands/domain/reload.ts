import { printable } from "../../../base/printable.ts";
import { type ReloadOutcome, reloaded } from "../../../host/agent-answers.ts";
import { ExitCode } from "../../../host/exit-code.ts";
import { misnamedPolicies } from "../../../host/load.ts";
import { type Command, jsonOption } from "../../command.ts";
import { toJson } from "../../json.ts";
import { renderRestarts } from "../../render/restarts.ts";
import { ask, domainName } from "./ask.ts";

export const domainReload: Command = {
  name: "reload",
  operands: [{ name: "[domain]", description: "only this one" }],
  summary: "bring what is in force up to the policy files",
  description: [
    "Takes what changed. Supervised processes have the new policy at once; sealed ones keep theirs and are named, with how to restart them. A broken file changes nothing, and is told of.",
    "Exit status: 0, or 1 where some file is broken.",
  ],
  options: [jsonOption],
  examples: [
    { line: "cofferdam domain reload", what: "after editing policies" },
    { line: "cofferdam domain reload nginx", what: "only this one" },
  ],
  async run(context, [word], options) {
    const path = word === undefined ? "/reload" : `/domains/${domainName(word)}/reload`;
    const { domains } = await ask(context, reloaded, "POST", path);
    const told =
      word === undefined ? domains.filter(({ outcome }) => outcome !== "unchanged") : domains;
    for (const file of word === undefined ? misnamedPolicies(context.places) : [])
      context.err(`cofferdam: ${printable(file)} is not read: policies end in .yaml\n`);
    if (options.json) context.out(toJson({ domains }));
    else context.out(told.map(render).join("") || `nothing changed in ${domains.length} domains\n`);
    return domains.some(({ outcome }) => outcome === "bad") ? ExitCode.no : ExitCode.ok;
  },
};

const words = { unchanged: "unchanged", changed: "changed", new: "new", gone: "gone" } as const;

function render({ name, number, outcome, problems, following, restart }: ReloadOutcome): string {
  if (outcome === "bad")
    return `${name}: its file is broken; what was in force still is\n${problems ?? ""}`;
  const runs =
    following === 0
      ? ""
      : `; ${following} supervised ${following === 1 ? "run has" : "runs have"} the new policy`;
  const of = number === null ? "" : ` (${number})`;
  return `${name}${of}: ${words[outcome]}${runs}\n${renderRestarts(restart, "policy")}`;
}
