import { nearest } from "../../diagnostics/nearest.ts";
import { complain } from "../complaint.ts";
import { Description } from "../description.ts";
import type { Origin } from "../resource.ts";
import { Argument } from "./argument.ts";
import { blockResources } from "./block-resources.ts";
import { options } from "./options.ts";
import { pieceOf } from "./piece.ts";

/**
 * What a QEMU command line names of its host. An option that is unknown, or that no rule can
 * describe, is refused with its place and an alternative. `args`: without the program. `folder`:
 * the base of relative names.
 * @throws HostError
 */
export function describeCommandLine(args: readonly string[], folder: string): Description {
  const to = new Description();
  for (let at = 0; at < args.length; ) at = readOption(args, at, folder, to);
  blockResources(to);
  if (!to.saysNetwork && !args.some((word) => /^--?nodefaults$/.test(word)))
    to.add(
      { argument: 0, text: "QEMU's own network, since none is named", offset: null, piece: null },
      { kind: "outside" },
    );
  return to;
}

/** Reads the option at `at`; returns the index of the next one. */
function readOption(args: readonly string[], at: number, folder: string, to: Description): number {
  const word = args[at] ?? "";
  // Arguments count from 1; the program is 0.
  const here: Origin = { argument: at + 1, text: word, offset: null, piece: null };
  if (!word.startsWith("-") || word === "-")
    complain(
      here,
      "a word without an option, which QEMU takes for a disk of unknown format",
      "use -drive file=...,format=raw (or qcow2)",
    );
  const name = word.replace(/^--?/, "");
  const option = options.get(name);
  if (option === undefined) {
    const near = nearest(name, options.keys());
    complain(
      here,
      "an option that is not known here",
      near === null
        ? "docs/machines.md lists the options that a machine in a domain may have"
        : `did you mean \`-${near}\`?`,
    );
  }
  if ("refused" in option) complain(here, "not allowed in a domain", option.refused);
  if ("switch" in option) {
    option.switch(new Argument(name, "", at + 1, folder), to);
    return at + 1;
  }
  const value = args[at + 1];
  if (value === undefined) complain(here, "its value is missing", "give it one");
  option(new Argument(name, value, at + 1, folder, pieceOf(args, at)), to);
  return at + 2;
}
