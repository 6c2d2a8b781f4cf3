import { writeFileSync } from "node:fs";
import { ExitCode } from "../../host/exit-code.ts";
import { reachHost } from "../../host/reach/domains.ts";
import { reach as reachOf } from "../../host/reach/reach.ts";
import { hasCode } from "../../kernel/errno-error.ts";
import { AutomatonTooLarge } from "../../model/automaton/too-large.ts";
import {
  type Command,
  CommandError,
  type Context,
  jsonOption,
  type Options,
  policyOption,
  setOption,
} from "../command.ts";
import { toJson } from "../json.ts";
import { renderReach } from "../render/reach.ts";
import { reachPicture } from "../render/reach-picture.ts";
import { requirePolicy } from "../require-policy.ts";

export const reach: Command = {
  name: "reach",
  operands: [{ name: "[domain]", description: "the domain's name" }],
  summary: "what a break-in into a domain reaches, hop by hop",
  description: [
    "Compares the domain's grants with those of every other domain of this host, and with what " +
      "programs outside every domain run and read. A hop is what one domain can do to another: " +
      "control its code (files that it executes or loads), control its data (files that it " +
      "reads), talk to it (sockets), or stop it (signals, removed files). Each hop names the two " +
      "grants that make it, and a name or address for which they do.",
    "It is what the policies allow: ordinary permissions may refuse more, and data is no code " +
      "yet. A domain below level enforcing holds nothing back; that is said first.",
    "--svg writes the graph as a picture. Exit status: 0.",
  ],
  options: [
    policyOption,
    setOption,
    { flags: "--svg <file>", description: "also write a picture of the graph to this file" },
    jsonOption,
  ],
  examples: [
    { line: "cofferdam reach nginx", what: "what an attacker in nginx could do to the others" },
    { line: "cofferdam reach --policy ./tool.yaml", what: "before the policy is in use" },
    { line: "cofferdam reach --svg nginx.svg nginx", what: "a picture for a browser" },
  ],
  run(context, [domain], options) {
    const result = found(context, domain, options);
    if (typeof options.svg === "string") writePicture(options.svg, reachPicture(result));
    context.out(options.json ? toJson(result) : renderReach(result, { width: context.width }));
    return ExitCode.ok;
  },
};

function found(context: Context, domain: string | undefined, options: Options) {
  const required = requirePolicy(context, domain, options);
  try {
    return reachOf(required.policy.name, reachHost(context.places, required));
  } catch (error) {
    if (!(error instanceof AutomatonTooLarge)) throw error;
    throw new CommandError(error.message, "grant fewer names");
  }
}

function writePicture(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    if (!hasCode(error, "ENOENT", "EACCES", "EISDIR", "ENOTDIR", "EROFS", "ENOSPC")) throw error;
    throw new CommandError(
      `${file} cannot be written: ${(error as Error).message}`,
      "name another file",
    );
  }
}
