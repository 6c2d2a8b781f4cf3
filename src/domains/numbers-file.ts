import { linkSync, readFileSync, renameSync, rmSync } from "node:fs";
import { PUBLIC_FILE } from "../base/modes.ts";
import { readJson } from "../base/read-json.ts";
import * as is from "../base/schema.ts";
import { hasCode } from "../kernel/errno-error.ts";
import { replaceFile } from "../kernel/replace-file.ts";
import { DOMAIN_NUMBERS_MAX } from "./live-table-layout.ts";
import { StateError } from "./state-error.ts";

const number = is.whole(1, DOMAIN_NUMBERS_MAX);

const numberedDomain = is.object({
  number,
  name: is.text,
  origin: is.text,
  /** {@link DomainIdentity.identity} when it was last loaded. */
  identity: is.text,
  inode: is.optional(is.text),
  /** The policy is gone; the number stays the domain's. */
  gone: is.optional(is.oneOf(true)),
});

export type NumberedDomain = is.Described<typeof numberedDomain>;

const numbersFile = is.object({
  version: is.oneOf(1),
  next: number,
  domains: is.list(numberedDomain),
});

/** `/var/lib/cofferdam/numbers.json`. */
export type NumbersFile = is.Described<typeof numbersFile>;

const NUMBERS_MODE = PUBLIC_FILE;

/** The previous state, kept beside the file. */
export function beforePath(path: string): string {
  return `${path}.before`;
}

/**
 * The first number is 1: 0 is superDom's. @throws StateError for a broken file: numbers are never
 * assigned anew without an order
 */
export function readNumbers(path: string): NumbersFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return { version: 1, next: 1, domains: [] };
    throw error;
  }
  const read = readJson(numbersFile, text);
  if (read.state === "bad") throw broken(path, read.problem);
  const problem = contradiction(read.value);
  if (problem !== null) throw broken(path, problem);
  return read.value;
}

/** Of domains that are not gone, by name. */
export function numbersGiven(path: string): ReadonlyMap<string, number> {
  return new Map(
    readNumbers(path).domains.flatMap(({ name, number, gone }) => (gone ? [] : [[name, number]])),
  );
}

/** The same the other way round. */
export function namesGiven(path: string): ReadonlyMap<number, string> {
  return new Map([...numbersGiven(path)].map(([name, number]) => [number, name]));
}

export function writeNumbers(path: string, file: NumbersFile): void {
  keepBefore(path);
  replaceFile(path, Buffer.from(`${JSON.stringify(file, null, 1)}\n`), NUMBERS_MODE);
}

function keepBefore(path: string): void {
  const scratch = `${beforePath(path)}.new`;
  rmSync(scratch, { force: true });
  try {
    linkSync(path, scratch);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return;
    throw error;
  }
  renameSync(scratch, beforePath(path));
}

function broken(path: string, problem: string): StateError {
  return new StateError(
    `${path} is broken: ${problem}`,
    `put ${beforePath(path)} in its place (numbers given since then are lost), or a copy of ` +
      "yours; without the file every domain would get another number",
  );
}

/** A contradiction between the file's members, or null. */
function contradiction({ next, domains }: NumbersFile): string | null {
  const late = domains.findIndex((domain) => domain.number >= next);
  if (late >= 0) return `\`domains[${late}].number\` is not below \`next\``;
  const numbers = domains.map((domain) => domain.number);
  const live = domains.filter(({ gone }) => gone !== true).map(({ name }) => name);
  if (new Set(numbers).size < numbers.length) return "a number is given twice";
  return new Set(live).size < live.length ? "a name appears twice" : null;
}
