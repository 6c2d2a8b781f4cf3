import { nearest } from "../diagnostics/nearest.ts";
import { ExitCode } from "../host/exit-code.ts";
import { load, type Settings, type Wanted } from "../host/load.ts";
import { type Level, levels } from "../model/policy.ts";
import type { LoadedPolicy } from "../policy/load.ts";
import { CommandError, type Context, type Options } from "./command.ts";

/**
 * `--set NAME=VALUE` as a record. @throws CommandError for one without a name or `=`, or a name
 * given twice
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

/** `--level LEVEL`; null where it is not given. @throws CommandError for a word that is no level */
export function wantedLevel({ level }: Options): Level | null {
  return typeof level === "string" ? parseLevel(level) : null;
}

/** @throws CommandError for a word that is no level */
export function parseLevel(word: string): Level {
  const level = levels.find((one) => one === word);
  if (level !== undefined) return level;
  const meant = nearest(word, levels);
  const help =
    meant === null ? `the levels are ${levels.join(", ")}` : `did you mean \`${meant}\`?`;
  throw new CommandError(`\`${word}\` is no level`, help, ExitCode.usage);
}

/**
 * The domain that `[domain]` or `--policy FILE` names. @throws CommandError unless exactly one of
 * them is given
 */
export function wantedDomain(domain: string | undefined, options: Options): Wanted {
  const file = options.policy;
  if (typeof file === "string" && domain === undefined) return { file };
  if (domain !== undefined && file === undefined) return { name: domain };
  const what = domain === undefined ? "no domain is named" : "a domain and a policy file are named";
  throw new CommandError(what, "name a domain, or write --policy FILE", ExitCode.usage);
}

/** The policy that is meant, with the variables of `--set`. */
export function loadWanted({ places }: Context, wanted: Wanted, options: Options): LoadedPolicy {
  return load(places, wanted, settings(options));
}
