import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { parsePolicy } from "../policy/1-parse/parse.ts";
import type { Places } from "./places.ts";

const SUFFIX = ".yaml";

/** Opening anything but a file could fail, or wait for ever. */
function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

export interface KnownAbstraction {
  readonly name: string;
  readonly summary: string;
}

/** What a policy of this host may include, by name; one that cannot be read is left out. */
export function knownAbstractions({ policies }: Pick<Places, "policies">): KnownAbstraction[] {
  const files = policies
    .map((folder) => join(folder, "abstractions"))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)))
    .filter((file) => file.endsWith(SUFFIX) && isReadable(file));
  const known = new Map<string, KnownAbstraction>();
  for (const file of files) {
    const name = basename(file, SUFFIX);
    const parsed = parsePolicy(
      { file, bytes: readFileSync(file), kind: "abstraction", name },
      () => undefined,
    );
    if (parsed !== null && !known.has(name))
      known.set(name, { name, summary: parsed.summary?.text ?? "" });
  }
  return [...known.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
