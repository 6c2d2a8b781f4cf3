import { settings } from "../../host/settings.ts";
import { engines } from "../../model/engines/engine.ts";
import { levels } from "../../model/policy.ts";
import type { Command, CommandOption } from "../command.ts";
import { verdicts } from "../events/wanted-events.ts";

/** What completes a value: names of domains, of files, of commands, or one of a few words. */
export type ValueKind = "domains" | "files" | "commands" | readonly string[];

/** By the name of the operand, or of the option's value. */
const kinds: Readonly<Record<string, ValueKind>> = {
  domain: "domains",
  // `--domain <name>`
  name: "domains",
  // The first word of `run` and `explain` is a domain.
  words: "domains",
  level: levels,
  engine: engines,
  verdict: verdicts,
  // Of `protect`: programs, most of all.
  target: "files",
  key: settings.map(({ key }) => key),
  shell: ["bash", "zsh", "fish"],
  file: "files",
  old: "files",
  new: "files",
  files: "files",
  folder: "files",
};

/** From `<domain>`, `[domain]` or `<files...>`; null for an unknown kind of value. */
export function kindOf(name: string): ValueKind | null {
  return kinds[name.replaceAll(/[<>[\].]/g, "")] ?? null;
}

export interface Flag {
  /** With their hyphens. */
  readonly names: readonly string[];
  readonly description: string;
  /** null for a flag without a value; `kind` is null for an unknown kind of value. */
  readonly value: { readonly name: string; readonly kind: ValueKind | null } | null;
  readonly repeated: boolean;
}

export function flagsOf({ options }: Command): readonly Flag[] {
  const help: CommandOption = { flags: "-h, --help", description: "display help for command" };
  return [...options, help].filter(({ hidden }) => hidden !== true).map(flagOf);
}

function flagOf({ flags, description, repeated }: CommandOption): Flag {
  const names = flags.match(/--?[A-Za-z][\w-]*/g) ?? [];
  const value = /[<[]([^>\]]+)[>\]]/.exec(flags)?.[1];
  const named = value === undefined ? null : { name: value, kind: kindOf(value) };
  return { names, description, value: named, repeated: repeated === true };
}

/** Every command with the names that lead to it; a command comes before its sub-commands. */
export function pathsOf(
  commands: readonly Command[],
  above: readonly string[] = [],
): readonly { readonly path: readonly string[]; readonly command: Command }[] {
  return commands.flatMap((command) => {
    const path = [...above, command.name];
    return [{ path, command }, ...pathsOf(command.subcommands ?? [], path)];
  });
}
