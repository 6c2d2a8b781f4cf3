import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { unlessGone } from "../../kernel/unless-gone.ts";
import type { ControlCommand } from "../../model/policy.ts";
import type { UnitCommand } from "./commands-of-unit.ts";
import type { ExecCommand, Prefix } from "./exec-line.ts";
import { DROP_IN, type Unit } from "./unit.ts";
import { execKeys } from "./unit-file.ts";
import { nextWord, quoteWord } from "./words.ts";

/** A line that the drop-in adds, because the launcher cannot do without it. */
export interface Addition {
  readonly setting: string;
  readonly why: string;
}

export interface DropIn {
  readonly path: string;
  readonly text: string;
}

export interface DropInRequest {
  readonly unit: Unit;
  /** As given to `run`. */
  readonly domain: string;
  readonly commands: readonly UnitCommand[];
  /** What the policy leaves outside the domain. */
  readonly leftOutside: readonly ControlCommand[];
  readonly additions: readonly Addition[];
  /** The launcher's capabilities, the additions included. */
  readonly capabilities: bigint;
  /** The unit starts its programs as another user than root. */
  readonly hasUser: boolean;
  /** Supplementary groups of the unit that the launcher sets; they may contain specifiers. */
  readonly groups: readonly string[];
  /** systemd makes the unit a mount namespace. */
  readonly hasMounts: boolean;
  /** The unit sees another tree than the host's. */
  readonly hasOtherRoot: boolean;
}

/** The launcher's option for a unit with mounts of its own; `%n` is the unit's full name. */
const MOUNTS = "--mounts %n";

const SETTINGS = "/etc/systemd/system";

export function dropInPath(unit: string): string {
  return join(SETTINGS, `${unit}.d`, DROP_IN);
}

/** Of the unit's commands, the installation and the commands outside. */
function digestOf(
  { name, lines }: Unit,
  launcher: string,
  leftOutside: readonly ControlCommand[],
): string {
  const known = execKeys.map((key) => lines.get(key) ?? []);
  return createHash("sha256")
    .update(JSON.stringify([name, launcher, known, [...leftOutside].sort()]))
    .digest("hex");
}

const MADE_OF = "# Made of ";
const IN_DOMAIN = "# Domain ";

/** A unit that starts its programs in a domain, according to its drop-in. */
export interface EnabledUnit {
  readonly name: string;
  /**
   * Those that the launcher sets, without those that systemd knows only once an instance starts.
   */
  readonly groups: readonly string[];
}

export function unitsEnabledFor(domain: string): readonly EnabledUnit[] {
  const folders = unlessGone(() => readdirSync(SETTINGS)) ?? [];
  return folders
    .filter((name) => name.endsWith(".d"))
    .map((name) => name.slice(0, -".d".length))
    .flatMap((name) => {
      const text = unlessGone(() => readFileSync(dropInPath(name), "utf8"), ["ENOENT", "ENOTDIR"]);
      const isIts = text !== null && madeOf(text)?.domain === domain;
      return isIts ? [{ name, groups: groupsGiven(text) }] : [];
    });
}

/** Of the command that makes the plan: another one's words are the daemon's. */
function groupsGiven(text: string): readonly string[] {
  const option = / run --prepare [0-9a-f]+ --groups /.exec(text);
  const word = option === null ? null : nextWord(text, option.index + option[0].length);
  const names = word?.text.replaceAll("$$", "$").split(":") ?? [];
  return names.filter((name) => !name.includes("%"));
}

/** What Cofferdam's drop-in says of itself; null for any other file. */
export function madeOf(text: string): { readonly domain: string; readonly digest: string } | null {
  const line = (head: string): string | undefined =>
    text
      .split("\n")
      .find((one) => one.startsWith(head))
      ?.slice(head.length);
  const [domain, digest] = [line(IN_DOMAIN), line(MADE_OF)];
  return domain === undefined || digest === undefined ? null : { domain, digest };
}

/**
 * Whether a unit's drop-in does what the wanted one would. Lines that it has besides are additions,
 * which the unit needs no longer once they are in force.
 */
export function isCovered({ dropIn }: Unit, wanted: DropIn): boolean {
  const lines = new Set(dropIn?.text.split("\n"));
  return wanted.text.split("\n").every((line) => lines.has(line));
}

/**
 * A command with `+` makes the plan before each start: outside the unit's filter, limits and
 * mounts, for a launcher with the unit's capabilities. A valid ready plan is only compared. If the
 * unit has mounts of its own, that command makes what must be there before them: /run/cofferdam and
 * the domain's control group. A second one, with `!`, then sees these mounts and has the agent make
 * the plan for them (`--mounts`). A unit with another root has the second one only: systemd shows
 * that root to `+`, too, and without /proc. What must be there before, the agent makes.
 */
export function dropInFor(request: DropInRequest, launcher: string): DropIn {
  const { unit, domain, additions, capabilities, hasMounts } = request;
  const program = quoteProgram(launcher);
  const prepare = [
    `run --prepare ${capabilities.toString(16)}`,
    ...groupsOption(request.groups, withVariables),
  ].join(" ");
  const text = [
    `# The programs of ${unit.name} run in a domain of Cofferdam.`,
    `# This file comes back by \`cofferdam unit enable ${unit.name}\``,
    `# and goes by \`cofferdam unit disable ${unit.name}\`.`,
    `${IN_DOMAIN}${domain}`,
    `${MADE_OF}${digestOf(unit, launcher, request.leftOutside)}`,
    "[Unit]",
    "Wants=cofferdam-agent.service",
    "After=cofferdam-agent.service",
    "",
    "[Service]",
    ...additions.flatMap(({ setting, why }) => [`# ${why}`, setting]),
    "ExecStartPre=",
    ...(request.hasOtherRoot ? [] : [`ExecStartPre=+${program} ${prepare} ${domain}`]),
    ...(hasMounts ? [`ExecStartPre=!${program} ${prepare} ${MOUNTS} ${domain}`] : []),
    ...commandLines(request, launcher),
    "",
  ].join("\n");
  return { path: dropInPath(unit.name), text };
}

function commandLines(request: DropInRequest, launcher: string): string[] {
  const { commands } = request;
  return execKeys.flatMap((key) => {
    const those = commands.filter((one) => one.key === key);
    if (key === "ExecCondition" || those.length === 0) return [];
    const lines = those.map(({ command, outside }) =>
      outside === null ? inDomain(command, request, launcher) : asItWas(command),
    );
    // Those before the start follow the plan's command, which has reset the unit's own list.
    const reset = key === "ExecStartPre" ? [] : [`${key}=`];
    return [...reset, ...lines.map((line) => `${key}=${line}`)];
  });
}

function asItWas({ prefixes, rawPath, rawArguments }: ExecCommand): string {
  return [`${prefixes.join("")}${rawPath}`, ...rawArguments].join(" ");
}

/**
 * The launcher starts as root and becomes the policy's user: with `!` it stays root although the
 * unit has a user, and all other settings of the unit apply. With `@` the launcher gives the
 * program its argv[0].
 */
function inDomain(
  command: ExecCommand,
  {
    domain,
    hasUser,
    groups,
    hasMounts,
  }: Pick<DropInRequest, "domain" | "hasUser" | "groups" | "hasMounts">,
  launcher: string,
): string {
  const { prefixes, rawPath, rawArguments } = command;
  const kept = prefixes.filter((prefix) => prefix === "-" || prefix === ":");
  const privilege: readonly Prefix[] = prefixes.includes("+") ? ["+"] : hasUser ? ["!"] : [];
  const named = prefixes.includes("@");
  const spelled = prefixes.includes(":") ? (text: string) => text : withVariables;
  // systemd expands variables in arguments, but not in the program's name.
  const program = spelled(rawPath);
  return [
    `${[...kept, ...privilege].join("")}${quoteProgram(launcher)}`,
    "run",
    ...(named ? ["--argv0", rawArguments[0] ?? ""] : []),
    ...(prefixes.includes("+") ? [] : groupsOption(groups, spelled)),
    ...(hasMounts ? [MOUNTS] : []),
    ...["--unit", domain, "--", program],
    ...rawArguments.slice(named ? 1 : 0),
  ].join(" ");
}

/** So that systemd, which expands variables, leaves the text as it is. */
function withVariables(text: string): string {
  return text.replaceAll("$", "$$$$");
}

/** In a unit, names of groups contain neither blanks nor colons; systemd expands specifiers. */
function groupsOption(
  groups: readonly string[],
  spelled: (text: string) => string,
): readonly string[] {
  return groups.length === 0 ? [] : [`--groups ${quoteWord(spelled(groups.join(":")))}`];
}

/** It contains neither a specifier nor a variable. */
function quoteProgram(path: string): string {
  return quoteWord(path).replaceAll("%", "%%");
}
