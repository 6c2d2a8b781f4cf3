import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { groups } from "../kernel/syscall-groups.ts";
import { all } from "../kernel/syscalls.ts";
import {
  type LoadedPolicy,
  loadPolicy,
  PolicyLook,
  type Shipped,
  type Vocabulary,
} from "../policy/load.ts";
import { type Places, ROOTS_POLICIES } from "./places.ts";

/** System calls and groups as this program knows them. */
export function vocabulary(): Vocabulary {
  return { syscalls: new Set(all()), groups: new Map(Object.entries(groups())) };
}

/** Whose policy is meant: a domain by its name, or a file. */
export type Wanted = { readonly name: string } | { readonly file: string };

/** Values of variables by name, as `--set` gives them. */
export type Settings = Readonly<Record<string, string>>;

/** Reads, parses and resolves; everything wrong is in the diagnostics, unknown names included. */
export function load(places: Places, wanted: Wanted, set: Settings = {}): LoadedPolicy {
  const searchPath = "file" in wanted ? places.policies : foldersFor(places, wanted.name);
  const elsewhere = places.asRoot ? [] : [ROOTS_POLICIES];
  return loadPolicy("file" in wanted ? wanted.file : { name: wanted.name, searchPath, elsewhere }, {
    vocabulary: vocabulary(),
    set,
    shipped: shippedOf(places),
    abstractions: places.policies.map((folder) => join(folder, "abstractions")),
  });
}

const MACHINES = "vm@";

/**
 * A virtual machine that runs has a policy of its own, made of its template and its description: it
 * counts before all others.
 */
function foldersFor({ policies, asRoot, system }: Places, name: string): readonly string[] {
  const isMachine = asRoot && name.startsWith(MACHINES) && name !== MACHINES;
  return isMachine ? [system.machines.running, ...policies] : policies;
}

/** The policy files of this host now, to see whether what was loaded would be loaded again. */
export function lookAgain(places: Places): PolicyLook {
  return new PolicyLook([0, process.geteuid?.() ?? 0], shippedOf(places));
}

function shippedOf({ home, shipped }: Places): Shipped {
  return { folder: shipped, owner: statSync(home).uid };
}

/**
 * The file that a domain is loaded from when it is asked for by its name; null where there is none.
 * An instance's own file counts before its template's.
 */
export function libraryFile(places: Places, name: string): string | null {
  const at = name.indexOf("@") + 1;
  const fileNames = at === 0 || at === name.length ? [name] : [name, name.slice(0, at)];
  const files = fileNames.flatMap((file) =>
    foldersFor(places, name).map((folder) => join(folder, `${file}.yaml`)),
  );
  return files.find((file) => existsSync(file)) ?? null;
}

/** Files beside policies that look like ones and are not read. */
export function misnamedPolicies({ policies }: Places): readonly string[] {
  return policies
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((file) => file.endsWith(".yml"));
}

/**
 * Names of the domains that can be found, templates left out, sorted. A folder that is not there
 * holds none.
 */
export function domainNames(places: Places): readonly string[] {
  const files = places.policies
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder));
  const names = files
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => file.slice(0, -".yaml".length));
  return [...new Set(names.filter((name) => !name.endsWith("@")))].sort();
}
