import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { parsePolicy } from "../policy/1-parse/parse.ts";

const SUFFIX = ".yaml";

/**
 * The abstractions that the first of a policy's files includes, each with the files of its own
 * grants and of all that it includes in turn. `files`: those that the policy was read from.
 */
export function includesOf(files: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const [own = "", ...others] = files;
  const fileOf = new Map(others.map((file) => [basename(file, SUFFIX), file]));
  const within = (name: string, known: readonly string[]): readonly string[] => {
    const file = fileOf.get(name);
    if (file === undefined || known.includes(file)) return known;
    let found: readonly string[] = [...known, file];
    for (const one of included(file, "abstraction")) found = within(one, found);
    return found;
  };
  return new Map(included(own, "domain").map((name) => [name, within(name, [])]));
}

function included(file: string, kind: "domain" | "abstraction"): readonly string[] {
  const name = basename(file, SUFFIX);
  const parsed = parsePolicy({ file, bytes: readFileSync(file), kind, name }, () => undefined);
  return (parsed?.include ?? []).map(({ text }) => text);
}
