import { readdirSync, readFileSync } from "node:fs";
import type { Read } from "../base/read-json.ts";
import { hasCode } from "../kernel/errno-error.ts";
import { unlessGone } from "../kernel/unless-gone.ts";
import { StateError } from "./state-error.ts";

/**
 * What the host keeps of a domain in a file of the domain's name: its level, its exceptions, what
 * was seen of it.
 */

/**
 * null if there is no file. `help`: what to do about one that cannot be used. @throws StateError
 */
export function readState<T>(
  path: string,
  parse: (text: string) => Read<T>,
  help: string,
): T | null {
  const text = textOf(path, help);
  if (text === null) return null;
  const read = parse(text);
  if (read.state === "good") return read.value;
  throw new StateError(`${path} is broken: ${read.problem}`, help);
}

function textOf(path: string, help: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return null;
    if (!(error instanceof Error && "code" in error)) throw error;
    throw new StateError(`${path} cannot be read: ${error.code}`, help);
  }
}

/** Names of domains that have a file, sorted. Ignores leftovers of interrupted writes. */
export function domainsWithState(
  folder: string,
  isName: (text: string) => boolean,
): readonly string[] {
  return (unlessGone(() => readdirSync(folder), ["ENOENT"]) ?? []).filter(isName).sort();
}
