import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { hasCode } from "../kernel/errno-error.ts";
import { unlessGone } from "../kernel/unless-gone.ts";
import { decide } from "../model/decide.ts";
import type { Policy } from "../model/policy.ts";
import { ownersOf } from "./packages.ts";
import { askIfThere } from "./units/systemctl.ts";

/** How often something happened to a daemon, as far as the host's own records tell. */
export type Happened =
  | { readonly state: "known"; readonly count: number; readonly last: string | null }
  | { readonly state: "unknown"; readonly why: string };

export interface DailyLife {
  /** By `systemctl reload`. */
  readonly reloads: Happened;
  /** Of logs that the policy lets the domain write, by logrotate: each log counts once. */
  readonly rotations: Happened;
  /** Of the packages that the running programs belong to, by dpkg. */
  readonly upgrades: Happened;
}

export interface LifeAsked {
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly units: readonly string[];
  readonly policy: Policy;
  /** Process ids of running daemons. */
  readonly daemons: readonly number[];
}

/** Where the host keeps its records. */
export interface LifePlaces {
  readonly rotated: string;
  readonly installed: readonly string[];
}

export const lifePlaces: LifePlaces = {
  rotated: "/var/lib/logrotate/status",
  installed: ["/var/log/dpkg.log.1", "/var/log/dpkg.log"],
};

/** Largest record of the host that is read. */
const RECORDS_MIB_MAX = 8;
const RECORDS_BYTES_MAX = RECORDS_MIB_MAX * 1024 * 1024;

export function dailyLife(life: LifeAsked, places = lifePlaces): DailyLife {
  return {
    reloads: reloads(life),
    rotations: rotations(life, places.rotated),
    upgrades: upgrades(life, places.installed),
  };
}

/** SD_MESSAGE_UNIT_RELOADED (sd-messages.h). */
const RELOADED = "7b05ebc668384222baa8881179cfda54";

/** Only process 1 can write records with this _PID (systemd.journal-fields(7)). */
function reloads({ since, units }: LifeAsked): Happened {
  if (units.length === 0) return { state: "unknown", why: "no systemd unit runs the domain" };
  const answer = askIfThere("journalctl", [
    ...["--quiet", "--no-pager", "--output=short-unix", `--since=@${Math.floor(since / 1_000)}`],
    ...["_PID=1", `MESSAGE_ID=${RELOADED}`, ...units.map((unit) => `UNIT=${unit}`)],
  ]);
  if (answer?.status !== 0) return { state: "unknown", why: "the journal cannot be read" };
  const times = answer.out.split("\n").flatMap((line) => /^\d+\.\d+/.exec(line)?.[0] ?? []);
  return happened(times.map((seconds) => Number(seconds) * 1_000));
}

/** `"NAME" YEAR-MONTH-DAY-HOUR:MINUTE:SECOND`, local time. Names with a backslash are left out. */
const rotated = /^"([^"\\]+)" (\d+)-(\d+)-(\d+)-(\d+):(\d+):(\d+)$/;

function rotations({ since, policy }: LifeAsked, path: string): Happened {
  const text = textOf(path);
  if (text === null) return { state: "unknown", why: "logrotate keeps no record here" };
  if (typeof text !== "string") return text;
  const times = text.split("\n").flatMap((line) => {
    const [, name, ...numbers] = rotated.exec(line) ?? [];
    if (name === undefined) return [];
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = numbers.map(Number);
    const time = new Date(year, month - 1, day, hour, minute, second).getTime();
    const request = { class: "name", operation: "write", path: name } as const;
    const isOurs = time >= since && decide(policy, request).outcome === "granted";
    return isOurs && hasOldLog(name, since) ? [time] : [];
  });
  return happened(times);
}

/** logrotate also notes a log that it sees for the first time and does not rotate. */
function hasOldLog(name: string, since: number): boolean {
  const [folder, log] = [dirname(name), basename(name)];
  return (unlessGone(() => readdirSync(folder)) ?? [])
    .filter((one) => one.startsWith(`${log}.`) || one.startsWith(`${log}-`))
    .some((one) => (statSync(join(folder, one), { throwIfNoEntry: false })?.ctimeMs ?? 0) >= since);
}

/** `YEAR-MONTH-DAY HOUR:MINUTE:SECOND upgrade PACKAGE:ARCHITECTURE OLD NEW`, local time. */
const upgraded = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) upgrade ([^\s:]+)/;

function upgrades({ since, daemons }: LifeAsked, paths: readonly string[]): Happened {
  const texts: string[] = [];
  for (const text of paths.map(textOf)) {
    // Upgrades in it would be missing.
    if (typeof text === "object" && text !== null) return text;
    if (text !== null) texts.push(text);
  }
  if (texts.length === 0) return { state: "unknown", why: "dpkg keeps no log here" };
  const packages = new Set(daemons.flatMap((pid) => packageOf(pid) ?? []));
  if (packages.size === 0)
    return { state: "unknown", why: "no running program belongs to a package" };
  const times = texts
    .flatMap((text) => text.split("\n"))
    .flatMap((line) => {
      const [, day, time, name = ""] = upgraded.exec(line) ?? [];
      return packages.has(name) ? [Date.parse(`${day}T${time}`)] : [];
    });
  return happened(times.filter((time) => time >= since));
}

function packageOf(pid: number): string | null {
  const program = unlessGone(() => readlinkSync(`/proc/${pid}/exe`))?.replace(/ \(deleted\)$/, "");
  return program === undefined ? null : (ownersOf([program])[0]?.packages[0] ?? null);
}

function happened(times: readonly number[]): Happened {
  const last = times.length === 0 ? null : new Date(Math.max(...times)).toISOString();
  return { state: "known", count: times.length, last };
}

type Unknown = Extract<Happened, { state: "unknown" }>;

/** null if there is no such record. */
function textOf(path: string): string | Unknown | null {
  try {
    if (statSync(path).size > RECORDS_BYTES_MAX)
      return { state: "unknown", why: `${path} is larger than ${RECORDS_MIB_MAX} MiB` };
    return readFileSync(path, "utf8");
  } catch (error) {
    if (hasCode(error, "EACCES")) return { state: "unknown", why: `${path} may not be read` };
    if (hasCode(error, "ENOENT", "ENOTDIR")) return null;
    throw error;
  }
}
