import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { hasCode } from "../../kernel/errno-error.ts";
import { ExitCode } from "../exit-code.ts";
import { HostError } from "../host-error.ts";
import { systemctl } from "./systemctl.ts";
import { type Assignment, type ExecKey, execLines, parseUnitFile } from "./unit-file.ts";

/**
 * Our drop-in. Of all folders systemd takes drop-ins by their names' order, so that this one comes
 * behind `override.conf` of `systemctl edit`.
 */
export const DROP_IN = "zz-cofferdam.conf";

/** A unit as systemd has read it. */
export interface Unit {
  /** `nginx.service`, `worker@3.service`; of a template `worker@.service`. */
  readonly name: string;
  /** Properties as `systemctl show` gives them. A template's are those of some instance. */
  readonly properties: ReadonlyMap<string, string>;
  /** The commands' lines as the files have them, our own drop-in left out. */
  readonly lines: ReadonlyMap<ExecKey, readonly string[]>;
  /** Our drop-in, as far as one is there. */
  readonly dropIn: { readonly path: string; readonly text: string } | null;
}

/** Stands for an instance where a template is looked at. */
const SOME_INSTANCE = "cofferdam-check";

const form = /^[A-Za-z0-9:_.\\-]+(?:@[A-Za-z0-9:_.\\-]*)?\.service$/;

/** `nginx` is `nginx.service`. @throws HostError for what names no service */
export function serviceName(word: string): string {
  const name = /\.[a-z]+$/.test(word) ? word : `${word}.service`;
  if (form.test(name)) return name;
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

/** A name that systemctl can be asked about. */
export function askable(name: string): string {
  return isTemplate(name) ? name.replace("@.", `@${SOME_INSTANCE}.`) : name;
}

/** @throws HostError where there is no such unit, or no service of that name can be started */
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

function unitOfFiles(name: string, properties: ReadonlyMap<string, string>): Unit {
  const dropIns = splitPaths(properties.get("DropInPaths") ?? "");
  const fragment = properties.get("FragmentPath") ?? "";
  const own = dropIns.find((path) => basename(path) === DROP_IN) ?? null;
  const files = [fragment, ...dropIns].filter((path) => path !== "" && path !== own);
  const assignments: readonly Assignment[] = files.flatMap((path) =>
    parseUnitFile(readText(path) ?? ""),
  );
  const text = own === null ? null : readText(own);
  return {
    name,
    properties,
    lines: execLines(assignments),
    dropIn: own === null || text === null ? null : { path: own, text },
  };
}

/** What systemd knows of one unit. */
function showUnit(name: string): ReadonlyMap<string, string> {
  return parseProperties(systemctl("show", "--all", "--", name).out);
}

/** `KEY=VALUE` in lines. Lists that stand on several lines are joined by blanks. */
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

/** Blanks in the names are escaped as `\x20`. */
function splitPaths(text: string): readonly string[] {
  return text
    .split(" ")
    .filter((path) => path !== "")
    .map((path) => path.replaceAll("\\x20", " "));
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw error;
  }
}
