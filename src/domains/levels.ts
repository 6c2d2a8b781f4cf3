import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readJson } from "../base/read-json.ts";
import * as is from "../base/schema.ts";
import { hasCode } from "../kernel/errno-error.ts";
import { type PreparedFile, prepareFile, syncFolder } from "../kernel/replace-file.ts";
import { type Level, levels } from "../model/policy.ts";
import { StateError } from "./state-error.ts";

/** The author of an order: the peer's user id, and its name if the host knows one. */
export interface Actor {
  readonly uid: number;
  readonly name: string | null;
}

/** The author of the change when a level expires or its domain is gone. */
export const byItself: Actor = { uid: 0, name: "cofferdam" };

/**
 * A level that counts instead of the policy's own, until it is taken back. Wall clock times are ISO
 * 8601, UTC.
 */
export interface LevelOverride {
  readonly level: Level;
  readonly by: Actor;
  readonly since: string;
  /** `--for`: when it ends by itself. */
  readonly until?: string;
  /**
   * The same in the time that no clock step changes, for as long as this boot lasts. `lasts`:
   * seconds that were left when this was written down.
   */
  readonly untilUptime?: {
    readonly boot: string;
    readonly seconds: number;
    readonly lasts?: number;
  };
  /** What counts again then; the policy's own level where it is left out. */
  readonly before?: LevelOverride;
}

const LEVEL_MODE = 0o644;

const time = is.mapped(is.text, (written) => {
  if (!Number.isNaN(Date.parse(written))) return written;
  throw new is.Mismatch("is no time");
});
const members = {
  level: is.oneOf(...levels),
  by: is.object({ uid: is.number, name: is.nullable(is.text) }),
  since: time,
  until: is.optional(time),
  untilUptime: is.optional(
    is.object({
      boot: is.text,
      seconds: is.number,
      lasts: is.optional(is.number),
    }),
  ),
};
/** What counted before has nothing before it. */
const before = is.object({ ...members, before: is.optional(is.nothing) });
const levelOverride: is.Schema<LevelOverride> = is.object({
  ...members,
  before: is.optional(before),
});

/** The file of a domain, in the folder of overrides. It is a fact of each of the domain's plans. */
export function overridePath(folder: string, domain: string): string {
  return join(folder, domain);
}

/**
 * null where the policy's own level counts. @throws StateError for a file that is broken or cannot
 * be read
 */
export function readOverride(folder: string, domain: string): LevelOverride | null {
  const path = overridePath(folder, domain);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return null;
    if (!(error instanceof Error && "code" in error)) throw error;
    throw new StateError(
      `${path} cannot be read: ${error.code}`,
      `remove it, then ${giveAgain(domain)}`,
    );
  }
  const read = readJson(levelOverride, text);
  if (read.state === "good") return read.value;
  throw new StateError(`${path} is no level: ${read.problem}`, giveAgain(domain));
}

function giveAgain(domain: string): string {
  return `give the level again: cofferdam domain level ${domain} enforcing`;
}

/** The folder must be there. */
export function writeOverride(folder: string, domain: string, override: LevelOverride): void {
  changeOverrides(folder, [[domain, override]]);
}

export function removeOverride(folder: string, domain: string): void {
  changeOverrides(folder, [[domain, null]]);
}

/**
 * Overrides by domain, null to take one back: where there is no room for all of them, none is
 * changed. @throws what the system says
 */
export function changeOverrides(
  folder: string,
  changes: readonly (readonly [string, LevelOverride | null])[],
): void {
  const prepared: (readonly [string, PreparedFile | null])[] = [];
  try {
    for (const [domain, override] of changes)
      prepared.push([domain, override && prepare(folder, override)]);
    for (const [domain, file] of prepared) {
      if (file === null) rmSync(overridePath(folder, domain), { force: true });
      else file.place(overridePath(folder, domain));
    }
  } catch (error) {
    for (const [, file] of prepared) file?.discard();
    throw error;
  }
  syncFolder(folder);
}

function prepare(folder: string, override: LevelOverride): PreparedFile {
  return prepareFile(folder, Buffer.from(`${JSON.stringify(override)}\n`), LEVEL_MODE);
}

/** Domains that have an override; what a write that was cut short left behind is none. */
export function overridden(folder: string, isName: (text: string) => boolean): readonly string[] {
  try {
    return readdirSync(folder).filter(isName).sort();
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}
