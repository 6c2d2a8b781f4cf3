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
  summary: "apply changed policy files",
  description: [
    "Supervised processes have the new policy at once, except for what is fixed at their start, " +
      "such as a revoked `memory: [jit]`: the command names it. It names sealed processes that " +
      "keep an earlier policy, and how to restart them. A broken file is reported and " +
      "changes nothing. A policy in whose domain nothing runs may name a user that this host " +
      "does not have yet: it is taken, and the command names what is missing.",
    "Exit status: 0; 1 if a file is broken.",
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
      word === undefined
        ? domains.filter(({ outcome, restart }) => outcome !== "unchanged" || restart.length > 0)
        : domains;
    for (const file of word === undefined ? misnamedPolicies(context.places) : [])
      context.err(`cofferdam: ${printable(file)} is not read: policies end in .yaml\n`);
    if (options.json) context.out(toJson({ domains }));
    else context.out(told.map(render).join("") || `nothing changed in ${domains.length} domains\n`);
    return domains.some(({ outcome }) => outcome === "bad") ? ExitCode.no : ExitCode.ok;
  },
};

const words = { unchanged: "unchanged", changed: "changed", new: "new", gone: "gone" } as const;

/** Limit on the words that are printed of one domain; `--json` has them all. */
const WORDS_MAX = 10;

function render(one: ReloadOutcome): string {
  const { name, number, outcome, problems, following, restart } = one;
  if (outcome === "bad")
    return `${name}: its file is broken; the previous policy stays in force\n${problems ?? ""}`;
  const runs =
    following === 0
      ? ""
      : `; ${following} supervised ${following === 1 ? "run has" : "runs have"} the new policy`;
  const of = number === null ? "" : ` (${number})`;
  const absent = one.absent.map((what) => `  it cannot start yet: ${printable(what)}\n`).join("");
  const left = absent + renderNotFollowed(one) + renderRestarts(restart, "policy");
  return `${name}${of}: ${words[outcome]}${runs}\n${left}`;
}

function renderNotFollowed({ name, notFollowed }: ReloadOutcome): string {
  if (notFollowed.length === 0) return "";
  const shown = notFollowed.slice(0, WORDS_MAX).map(printable).join(", ");
  const left = notFollowed.length - WORDS_MAX;
  return (
    `  takes effect only at a restart: ${shown}${left > 0 ? ` and ${left} more` : ""}\n` +
    `    restart it: cofferdam domain restart ${name}\n`
  );
}
