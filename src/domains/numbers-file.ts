import { linkSync, readFileSync, renameSync, rmSync } from "node:fs";
import { hasCode } from "../kernel/errno-error.ts";
import { replaceFile } from "../kernel/replace-file.ts";
import { DOMAIN_NUMBERS_MAX } from "./live-table-layout.ts";
import { StateError } from "./state-error.ts";

/** One domain that was ever given a number on this host. */
export interface NumberedDomain {
  readonly number: number;
  readonly name: string;
  /** Absolute name of the policy's own file. */
  readonly origin: string;
  /** {@link DomainIdentity.identity} when it was last loaded. */
  readonly identity: string;
  readonly inode?: string;
  /** There is no such policy any more; the number stays the domain's. */
  readonly gone?: true;
}

/** `/var/lib/cofferdam/numbers.json`. */
export interface NumbersFile {
  readonly version: 1;
  /** The number that the next new domain gets. */
  readonly next: number;
  readonly domains: readonly NumberedDomain[];
}

const NUMBERS_MODE = 0o644;

/** The last state but one, kept beside the file. */
export function beforePath(path: string): string {
  return `${path}.before`;
}

/**
 * The first number is 1: 0 is superDom's. @throws StateError for a file that is broken: numbers are
 * never given anew by themselves
 */
export function readNumbers(path: string): NumbersFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return { version: 1, next: 1, domains: [] };
    throw error;
  }
  const problem = problemOf(parsed(text));
  if (problem !== null) throw broken(path, problem);
  return JSON.parse(text) as NumbersFile;
}

/** Numbers by name, of domains that are not gone. */
export function numbersGiven(path: string): ReadonlyMap<string, number> {
  return new Map(
    readNumbers(path).domains.flatMap(({ name, number, gone }) => (gone ? [] : [[name, number]])),
  );
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
    `put ${beforePath(path)} in its place (numbers given since then are lost), or a copy of yours; without the file every domain would get another number`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** What is wrong with the file, or null. */
function problemOf(value: unknown): string | null {
  if (typeof value !== "object" || value === null) return "it is no JSON object";
  const { version, next, domains } = value as Record<string, unknown>;
  if (version !== 1) return "its version is not 1";
  if (!Array.isArray(domains)) return "it has no list of domains";
  if (!isNumber(next, DOMAIN_NUMBERS_MAX)) return "`next` is no number";
  const bad = domains.findIndex((domain) => !isDomain(domain, next));
  if (bad >= 0) return `entry ${bad + 1} of its domains is none`;
  const numbers = domains.map(({ number }) => number);
  const live = domains.filter(({ gone }) => gone !== true).map(({ name }) => name);
  if (new Set(numbers).size < numbers.length) return "a number is given twice";
  return new Set(live).size < live.length ? "a name appears twice" : null;
}

function isNumber(value: unknown, max: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= max;
}

function isDomain(value: unknown, next: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { number, name, origin, identity, inode, gone } = value as Record<string, unknown>;
  const texts = [name, origin, identity, inode ?? ""].every((text) => typeof text === "string");
  return isNumber(number, next - 1) && texts && (gone === undefined || gone === true);
}
