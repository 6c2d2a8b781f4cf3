import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { groups } from "../kernel/syscall-groups.ts";
import { all } from "../kernel/syscalls.ts";
import { type LoadedPolicy, loadPolicy, type Vocabulary } from "../policy/load.ts";
import { CommandError, type Context, type Options } from "./command.ts";
import { ExitCode } from "./exit-code.ts";

/** System calls and groups as this program knows them. */
function vocabulary(): Vocabulary {
  return { syscalls: new Set(all()), groups: new Map(Object.entries(groups())) };
}

/** `--set NAME=VALUE` as a record. @throws CommandError for one without a name or `=`, or a name given twice */
function parseSet(options: Options): Readonly<Record<string, string>> {
  const set: Record<string, string> = {};
  for (const entry of (options.set as readonly string[] | undefined) ?? []) {
    const at = entry.indexOf("=");
    const name = entry.slice(0, at);
    if (at < 1)
      throw new CommandError(`\`${entry}\` gives no variable a value`, "write --set NAME=VALUE", ExitCode.usage);
    if (Object.hasOwn(set, name)) throw new CommandError(`\`${name}\` is set twice`, "set it once", ExitCode.usage);
    set[name] = entry.slice(at + 1);
  }
  return set;
}

/** Whose policy is meant: a domain by its name, or a file. */
export type Wanted = { readonly name: string } | { readonly file: string };

/** The domain that `[domain]` or `--policy FILE` names. @throws CommandError unless exactly one of them is given */
export function wantedDomain(domain: string | undefined, options: Options): Wanted {
  const file = options.policy;
  if (typeof file === "string" && domain === undefined) return { file };
  if (domain !== undefined && file === undefined) return { name: domain };
  const what = domain === undefined ? "no domain is named" : "a domain and a policy file are named";
  throw new CommandError(what, "name a domain, or write --policy FILE", ExitCode.usage);
}

/** Reads, parses and resolves; everything wrong is in the diagnostics, unknown names included. */
export function load(context: Context, wanted: Wanted, options: Options): LoadedPolicy {
  const searchPath = context.places.policies;
  return loadPolicy("file" in wanted ? wanted.file : { name: wanted.name, searchPath }, {
    vocabulary: vocabulary(),
    set: parseSet(options),
    shipped: { folder: join(context.places.home, "domains"), owner: statSync(context.places.home).uid },
    abstractions: searchPath.map((folder) => join(folder, "abstractions")),
  });
}

/** Names of the domains that can be found, templates left out, sorted. A folder that is not there holds none. */
export function domainNames(context: Context): readonly string[] {
  const files = context.places.policies.filter((folder) => existsSync(folder)).flatMap((folder) => readdirSync(folder));
  const names = files.filter((file) => file.endsWith(".yaml")).map((file) => file.slice(0, -".yaml".length));
  return [...new Set(names.filter((name) => !name.endsWith("@")))].sort();
}
