import { rmSync } from "node:fs";
import { join } from "node:path";
import { PUBLIC_FILE } from "../base/modes.ts";
import { readJson } from "../base/read-json.ts";
import * as is from "../base/schema.ts";
import { type PreparedFile, prepareFile, syncFolder } from "../kernel/replace-file.ts";
import { type Level, levels } from "../model/policy.ts";
import { readState } from "./state-file.ts";

/** The peer's user id, and its name if the host knows one. */
export interface Actor {
  readonly uid: number;
  readonly name: string | null;
}

/** The author of a change when a level expires or its domain is gone. */
export const byItself: Actor = { uid: 0, name: "cofferdam" };

/** What ends by itself. Wall clock times are ISO 8601, UTC. */
export interface Timed {
  readonly since: string;
  /** `--for`: the end, by the wall clock. */
  readonly until?: string;
  /**
   * The end in seconds since boot, valid within this boot only. `lasts`: seconds that were left
   * when this was written.
   */
  readonly untilUptime?: {
    readonly boot: string;
    readonly seconds: number;
    readonly lasts?: number;
  };
}

/** Replaces the policy's own level until it is removed. */
export interface LevelOverride extends Timed {
  readonly level: Level;
  readonly by: Actor;
  /** The level after that; the policy's own level if left out. */
  readonly before?: LevelOverride;
}

const LEVEL_MODE = PUBLIC_FILE;

const time = is.mapped(is.text, (written) => {
  if (!Number.isNaN(Date.parse(written))) return written;
  throw new is.Mismatch("is not a time");
});
export const actor: is.Schema<Actor> = is.object({
  uid: is.number,
  name: is.nullable(is.text),
});
/** The members of {@link Timed}. */
export const timed = {
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
const members = { level: is.oneOf(...levels), by: actor, ...timed };
/** The previous override has none before it. */
const before = is.object({ ...members, before: is.optional(is.nothing) });
const levelOverride: is.Schema<LevelOverride> = is.object({
  ...members,
  before: is.optional(before),
});

/** The file of a domain's override. It is a fact of each of the domain's plans. */
export function overridePath(folder: string, domain: string): string {
  return join(folder, domain);
}

/**
 * null if the policy's own level counts. @throws StateError for a file that is broken or cannot be
 * read
 */
export function readOverride(folder: string, domain: string): LevelOverride | null {
  const parse = (text: string) => readJson(levelOverride, text);
  return readState(overridePath(folder, domain), parse, giveAgain(domain));
}

function giveAgain(domain: string): string {
  return `give the level again: cofferdam domain level ${domain} enforcing`;
}

export function writeOverride(folder: string, domain: string, override: LevelOverride): void {
  changeOverrides(folder, [[domain, override]]);
}

export function removeOverride(folder: string, domain: string): void {
  changeOverrides(folder, [[domain, null]]);
}

/**
 * By domain; null removes an override. If the disk has no room for all of them, none is changed.
 * @throws the system's error
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
