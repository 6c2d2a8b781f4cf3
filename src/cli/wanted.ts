import { existsSync } from "node:fs";
import { nearest } from "../diagnostics/nearest.ts";
import { ExitCode } from "../host/exit-code.ts";
import { load, type Settings, type Wanted } from "../host/load.ts";
import { type Level, levels } from "../model/policy.ts";
import type { LoadedPolicy } from "../policy/load.ts";
import { CommandError, type Context, type Options } from "./command.ts";

/**
 * `--set NAME=VALUE` as a record. @throws CommandError for one without a name or `=`, or a repeated
 * name
 */
export function settings(options: Options): Settings {
  const set: Record<string, string> = {};
  for (const entry of (options.set as readonly string[] | undefined) ?? []) {
    const at = entry.indexOf("=");
    const name = entry.slice(0, at);
    if (at < 1)
      throw new CommandError(
        `\`${entry}\` gives no variable a value`,
        "write --set NAME=VALUE",
        ExitCode.usage,
      );
    if (Object.hasOwn(set, name))
      throw new CommandError(`\`${name}\` is set twice`, "set it once", ExitCode.usage);
    set[name] = entry.slice(at + 1);
  }
  return set;
}

/** `--level LEVEL`; null if absent. @throws CommandError for an unknown level */
export function wantedLevel({ level }: Options): Level | null {
  return typeof level === "string" ? parseLevel(level) : null;
}

/** @throws CommandError for an unknown level */
export function parseLevel(word: string): Level {
  const level = levels.find((one) => one === word);
  if (level !== undefined) return level;
  const meant = nearest(word, levels);
  const help =
    meant === null ? `the levels are ${levels.join(", ")}` : `did you mean \`${meant}\`?`;
  throw new CommandError(`\`${word}\` is not a level`, help, ExitCode.usage);
}

/** The domain of `[domain]` or `--policy FILE`. @throws CommandError unless exactly one is given */
export function wantedDomain(domain: string | undefined, options: Options): Wanted {
  const file = options.policy;
  if (typeof file === "string" && domain === undefined) return { file };
  if (domain !== undefined && file === undefined) return { name: domain };
  const what = domain === undefined ? "no domain is named" : "a domain and a policy file are named";
  throw new CommandError(what, "name a domain, or write --policy FILE", ExitCode.usage);
}

/** `nginx` is a domain's name; `nginx.yaml`, `./nginx` and names of existing files are files. */
export function fileOrName(word: string): Wanted {
  return word.includes("/") || word.endsWith(".yaml") || existsSync(word)
    ? { file: word }
    : { name: word };
}

export function loadWanted({ places }: Context, wanted: Wanted, options: Options): LoadedPolicy {
  return load(places, wanted, settings(options));
}
