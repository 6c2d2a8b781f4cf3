import { basename } from "node:path";
import { processesIn, runGroupsOfUnit } from "../../domains/cgroup-path.ts";
import { readIfThere } from "../../kernel/read-if-there.ts";
import { ExitCode } from "../exit-code.ts";
import { HostError } from "../host-error.ts";
import { systemctl } from "./systemctl.ts";
import {
  type Assignment,
  type ExecKey,
  execLines,
  groupWords,
  parseUnitFile,
} from "./unit-file.ts";

/**
 * Cofferdam's drop-in. systemd orders drop-ins of all folders by name, so this one comes after
 * `override.conf` of `systemctl edit`.
 */
export const DROP_IN = "zz-cofferdam.conf";

/** As systemd has read it. */
export interface Unit {
  /** `nginx.service`, `worker@3.service`; for a template `worker@.service`. */
  readonly name: string;
  /** As `systemctl show` prints them. A template's are those of some instance. */
  readonly properties: ReadonlyMap<string, string>;
  /** As in the files, without Cofferdam's drop-in. */
  readonly lines: ReadonlyMap<ExecKey, readonly string[]>;
  /** SupplementaryGroups= as in the files, with specifiers. */
  readonly groups: readonly string[];
  /** Cofferdam's drop-in, if it exists. */
  readonly dropIn: { readonly path: string; readonly text: string } | null;
}

/** Stands for an instance when a template is examined. */
const SOME_INSTANCE = "cofferdam-check";

/** Of systemd (UNIT_NAME_MAX), characters. */
const UNIT_NAME_MAX = 255;
const form = /^[A-Za-z0-9:_.\\-]+(?:@[A-Za-z0-9:_.\\-]*)?\.service$/;

export function isServiceName(name: string): boolean {
  return name.length <= UNIT_NAME_MAX && form.test(name);
}

/** `nginx` is `nginx.service`. @throws HostError for a name of no service */
export function serviceName(word: string): string {
  const name = /\.[a-z]+$/.test(word) ? word : `${word}.service`;
  if (isServiceName(name)) return name;
  throw new HostError(
    `\`${word}\` names no service`,
    "only services start daemons: write NAME.service, or its name alone",
    ExitCode.usage,
  );
}

export function isTemplate(name: string): boolean {
  return name.includes("@.");
}

/** `worker@.service` of `worker@3.service`; null for a unit that is no instance. */
export function templateOf(name: string): string | null {
  return /@[^.]/.test(name) ? name.replace(/@.*\./, "@.") : null;
}

export function askable(name: string): string {
  return isTemplate(name) ? name.replace("@.", `@${SOME_INSTANCE}.`) : name;
}

/**
 * Those of the units that this host has. One that is masked is the administrator's as if it were
 * not there; one with a broken file is there.
 * @throws HostError if systemd does not answer for each of them
 */
export function thoseThere(names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  const asked = names.map((name) => askable(serviceName(name)));
  const { out, err } = systemctl("show", "--property=LoadState", "--", ...asked);
  // One line for each, in their order, with empty ones between them.
  const states = out.split("\n").filter((line) => line !== "");
  if (states.length !== names.length)
    throw new HostError(
      `systemd says of ${states.length} units, not of ${names.length}, whether it has them: ${err}`,
      "see `systemctl show --property=LoadState UNIT`",
    );
  const without = ["LoadState=not-found", "LoadState=masked"];
  return names.filter((_, index) => !without.includes(states[index] ?? ""));
}

/** @throws HostError if there is no such unit, or no service of that name can be started */
export function readUnit(word: string): Unit {
  const name = serviceName(word);
  const properties = showUnit(askable(name));
  const state = properties.get("LoadState") ?? "";
  if (state !== "loaded")
    throw new HostError(
      `${name} cannot be loaded: ${properties.get("LoadError") || state}`,
      state === "masked" ? `systemctl unmask ${name}` : "see `systemctl list-unit-files`",
    );
  return unitOfFiles(name, properties);
}

/**
 * The main process. Where systemd knows none (`GuessMainPID=no`), the oldest number in the domain's
 * groups below the unit's; null if nothing runs.
 */
export function processOf(unit: Unit): number | null {
  const main = Number(property(unit, "MainPID"));
  const group = property(unit, "ControlGroup");
  if (main > 0 || group === "") return main || null;
  const pids = runGroupsOfUnit(group).flatMap(processesIn);
  return pids.length === 0 ? null : Math.min(...pids);
}

/**
 * The root directory of a unit's main process and the unit's supplementary groups, as
 * `compileDomain` takes them.
 * @throws HostError if the unit does not run
 */
export function startOfUnit(word: string): { root: string; groups: readonly string[] } {
  const unit = readUnit(word);
  const { name } = unit;
  const process = processOf(unit);
  if (process !== null)
    return {
      root: `/proc/${process}/root`,
      groups: words(property(unit, "SupplementaryGroups")),
    };
  throw new HostError(
    `${name} does not run: what it would see is not known`,
    `systemctl start ${name}`,
  );
}

function unitOfFiles(name: string, properties: ReadonlyMap<string, string>): Unit {
  const dropIns = splitPaths(properties.get("DropInPaths") ?? "");
  const fragment = properties.get("FragmentPath") ?? "";
  const own = dropIns.find((path) => basename(path) === DROP_IN) ?? null;
  const files = [fragment, ...dropIns].filter((path) => path !== "" && path !== own);
  const assignments: readonly Assignment[] = files.flatMap((path) =>
    parseUnitFile(readIfThere(path) ?? ""),
  );
  const text = own === null ? null : readIfThere(own);
  return {
    name,
    properties,
    lines: execLines(assignments),
    groups: groupWords(assignments),
    dropIn: own === null || text === null ? null : { path: own, text },
  };
}

function showUnit(name: string): ReadonlyMap<string, string> {
  return parseProperties(systemctl("show", "--all", "--", name).out);
}

/** `KEY=VALUE` in lines. Lists on several lines are joined by blanks. */
export function parseProperties(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split("\n")) {
    const at = line.indexOf("=");
    if (at < 1) continue;
    const [key, value] = [line.slice(0, at), line.slice(at + 1)];
    found.set(key, found.has(key) ? `${found.get(key)} ${value}` : value);
  }
  return found;
}

/** As printed by `systemctl show`; empty if this systemd does not know the property. */
export function property({ properties }: Pick<Unit, "properties">, name: string): string {
  return properties.get(name) ?? "";
}

export function words(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

/** Blanks in the names are escaped as `\x20`. */
function splitPaths(text: string): readonly string[] {
  return text
    .split(" ")
    .filter((path) => path !== "")
    .map((path) => path.replaceAll("\\x20", " "));
}
