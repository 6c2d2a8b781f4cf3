import { readdirSync } from "node:fs";
import { nearest } from "../diagnostics/nearest.ts";
import { loadPolicy } from "../policy/load.ts";
import { CommandError, type Context, type Options } from "./command.ts";

export type Loaded = ReturnType<typeof loadPolicy>;

/** `--set NAME=VALUE` as a record. @throws CommandError for one without `=` */
export function parseSet(options: Options): Readonly<Record<string, string>> {
  const entries = (options.set as readonly string[] | undefined) ?? [];
  return Object.fromEntries(
    entries.map((entry) => {
      const at = entry.indexOf("=");
      if (at < 1) throw new CommandError(`\`${entry}\` gives no variable a value`, "write --set NAME=VALUE", 2);
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}

/** Names of the domains that can be found, sorted. Folders that do not exist hold none. */
export function domainNames(context: Context): readonly string[] {
  const names = context.places.policies.flatMap((folder) => listed(folder));
  return [...new Set(names)].sort();
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder).flatMap((name) => (name.endsWith(".yaml") ? [name.slice(0, -".yaml".length)] : []));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    throw new CommandError(`${folder} cannot be listed: ${message}`, "check its owner and mode");
  }
}

/** Whose policy is meant: a domain's name, or the file of `--policy`. */
export type Wanted = { readonly name: string } | { readonly file: string };

/** Reads, parses and resolves. A name that no folder has is an error that says which one may have been meant. */
export function load(context: Context, wanted: Wanted, options: Options): Loaded {
  const set = parseSet(options);
  if ("file" in wanted) return loadPolicy(wanted.file, { set });
  const names = domainNames(context);
  const template = wanted.name.includes("@") ? `${wanted.name.split("@")[0]}@` : wanted.name;
  if (!names.includes(template)) throw unknownDomain(wanted.name, names, context);
  return loadPolicy({ name: wanted.name, searchPath: context.places.policies }, { set });
}

function unknownDomain(name: string, names: readonly string[], context: Context): CommandError {
  const meant = nearest(name, names);
  const places = context.places.policies.join(", ");
  const help =
    meant !== null
      ? `did you mean \`${meant}\`?`
      : name.includes("/")
        ? `a domain is a name, not a path; for a file write --policy ${name}`
        : `looked for ${name}.yaml in ${places}; known: ${names.join(", ") || "none"}`;
  return new CommandError(`there is no domain \`${name}\``, help);
}
