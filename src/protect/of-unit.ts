import { basename } from "node:path";
import { programNamed } from "../host/program-named.ts";
import { commandsOf, type UnitCommand } from "../host/units/commands-of-unit.ts";
import { readinessOf, socketOutputOf } from "../host/units/needs-of-unit.ts";
import type { ActivatingSocket } from "../host/units/sockets-of-unit.ts";
import { property, type Unit, words } from "../host/units/unit.ts";
import { nextWord, UnitSyntaxError } from "../host/units/words.ts";
import { readIfThere } from "../kernel/read-if-there.ts";
import { capabilityNames } from "../kinds/capabilities/model.ts";
import type { ControlCommand } from "../model/policy.ts";
import { type Evidence, ofFile, ofFolder, type Source } from "./evidence.ts";
import type { Started } from "./of-program.ts";
import { isFolder } from "./of-words.ts";

/** A unit that names more of them names what its daemon is not to have. */
const CAPABILITIES_NAMED_MAX = 20;

/**
 * Commands that a policy leaves outside: each is a run of its own, and a sealed run signals only
 * itself.
 */
const leftOutside: readonly ControlCommand[] = ["ExecReload", "ExecStop"];

export interface UnitPrograms {
  readonly started: readonly Started[];
  /** Kinds of commands that the unit has and that stay outside the domain. */
  readonly outside: readonly ControlCommand[];
  /** Named by the unit, and not on this host. */
  readonly missing: readonly string[];
}

/** @throws HostError for a unit that starts nothing */
export function programsOf(unit: Unit): UnitPrograms {
  const commands = commandsOf(unit, []);
  const inDomain = commands.filter(({ outside }) => outside === null);
  const outside = leftOutside.filter((key) => inDomain.some((one) => one.key === key));
  const started: Started[] = [];
  const missing: string[] = [];
  const variables = variablesOf(unit);
  for (const { key, command } of inDomain) {
    if (outside.some((one) => one === key)) continue;
    const written = specified(command.path, unit);
    const program = programNamed(written);
    const source: Source = { why: `${key}= of ${unit.name}`, witness: "unit" };
    if (program === null) missing.push(written);
    else {
      const words = wordsOf(command, unit, variables);
      started.push({ program, written, words, source, isDaemon: key === "ExecStart" });
    }
  }
  return { started, outside, missing };
}

/** With `@`, the first argument is the name that the program gets. */
function wordsOf(
  command: UnitCommand["command"],
  unit: Unit,
  variables: ReadonlyMap<string, string>,
): readonly string[] {
  const words = command.prefixes.includes("@") ? command.arguments.slice(1) : command.arguments;
  return words.flatMap((word) => {
    const whole = /^\$(\w+)$/.exec(word)?.[1];
    if (whole !== undefined) return (variables.get(whole) ?? "").split(/\s+/).filter(Boolean);
    const text = word.replace(/\$\{(\w+)\}/g, (_, name: string) => variables.get(name) ?? "");
    return [specified(text, unit)];
  });
}

/** systemd.unit(5), SPECIFIERS, of the system's manager. Others stay, so that no file is found. */
function specified(text: string, { name }: Unit): string {
  const whole = name.replace(/\.service$/, "");
  const [prefix = "", instance = ""] = whole.split(/@(.*)/);
  const values: Readonly<Record<string, string>> = {
    ...{ n: name, N: whole, p: prefix, i: instance, "%": "%" },
    ...{ t: "/run", S: "/var/lib", C: "/var/cache", L: "/var/log", E: "/etc" },
  };
  return text.replace(/%(.)/g, (all, one: string) => values[one] ?? all);
}

/** Of Environment= and EnvironmentFile=, which arguments use. */
function variablesOf({ properties }: Unit): ReadonlyMap<string, string> {
  const files = (properties.get("EnvironmentFiles") ?? "").matchAll(/(\/\S+) \(ignore_errors=/g);
  const lines = [...files].flatMap(([, file = ""]) => (readIfThere(file) ?? "").split("\n"));
  const assigned = [...wordsIn(properties.get("Environment") ?? ""), ...lines];
  return new Map(
    assigned.flatMap((line) => {
      const [, name = "", value = ""] = /^\s*(\w+)=(.*)$/.exec(line) ?? [];
      return name === "" ? [] : [[name, value.trim().replace(/^(["'])(.*)\1$/, "$2")] as const];
    }),
  );
}

/** Empty where they are not as systemd writes them. */
function wordsIn(text: string): readonly string[] {
  const words: string[] = [];
  try {
    for (let word = nextWord(text, 0); word !== null; word = nextWord(text, word.end))
      words.push(word.text);
  } catch (error) {
    if (!(error instanceof UnitSyntaxError)) throw error;
  }
  return words;
}

/** Folders that systemd makes for the unit, by setting. */
const folders = [
  { setting: "StateDirectory", above: "/var/lib", letters: "rwcd" },
  { setting: "RuntimeDirectory", above: "/run", letters: "rwcd" },
  { setting: "CacheDirectory", above: "/var/cache", letters: "rwcd" },
  { setting: "LogsDirectory", above: "/var/log", letters: "wc" },
  { setting: "ConfigurationDirectory", above: "/etc", letters: "r" },
] as const;

/**
 * What the settings of a unit say of its daemon, its programs apart. `sockets`: those that hand
 * theirs to it.
 */
export function ofUnit(unit: Unit, sockets: readonly ActivatingSocket[] = []): readonly Evidence[] {
  const source = (setting: string): Source => ({
    why: `${setting}= of ${unit.name}`,
    witness: "unit",
  });
  return [
    ...accounts(unit, source),
    ...folders.flatMap(({ setting, above, letters }) =>
      listed(unit, setting).map((name) =>
        ofFolder(letters, `${above}/${name.split(":")[0]}`, source(setting)),
      ),
    ),
    ...files(unit, source),
    ...capabilities(unit, source),
    ...messages(unit, source, sockets),
  ];
}

type SourceOf = (setting: string) => Source;

function accounts({ name, properties }: Unit, source: SourceOf): Evidence[] {
  const user = properties.get("User") ?? "";
  const group = properties.get("Group") ?? "";
  const isDynamic = properties.get("DynamicUser") === "yes";
  const own = basename(name, ".service").replace(/@.*/, "");
  const line = user === "" && isDynamic ? own : user;
  return [
    ...(line === ""
      ? []
      : [{ section: "user" as const, line, ...source(user === "" ? "DynamicUser" : "User") }]),
    ...(group === "" || (isDynamic && group === line)
      ? []
      : [{ section: "group" as const, line: group, ...source("Group") }]),
  ];
}

function files(unit: Unit, source: SourceOf): Evidence[] {
  const pidFile = unit.properties.get("PIDFile") ?? "";
  const here = unit.properties.get("WorkingDirectory") ?? "";
  const starts = programsOf(unit).started.flatMap(({ words }) => words);
  // The folder of an application: its program is named without a folder, or lies in it.
  const isOfProgram = here.startsWith("/") && starts.some((word) => isIn(word, here));
  return [
    ...(pidFile === "" ? [] : [ofFile("rwcd", pidFile, source("PIDFile"))]),
    ...listed(unit, "ReadWritePaths").flatMap((written) => {
      const path = written.replace(/^[-+]+/, "");
      if (!path.startsWith("/")) return [];
      return isFolder(path)
        ? [ofFolder("rwcd", path, source("ReadWritePaths"))]
        : [ofFile("rw", path, source("ReadWritePaths"))];
    }),
    ...(isOfProgram ? [ofFolder("r", here, source("WorkingDirectory"))] : []),
  ];
}

function isIn(word: string, folder: string): boolean {
  return word.startsWith("/") ? word.startsWith(`${folder}/`) : /^[\w./-]+\.\w+$/.test(word);
}

/** Whether systemd starts the daemon as root. */
export function isRootsUnit({ properties }: Unit): boolean {
  const isRoot = ["", "root", "0"].includes(properties.get("User") ?? "");
  return isRoot && properties.get("DynamicUser") !== "yes";
}

function capabilities(unit: Unit, source: SourceOf): Evidence[] {
  const { properties } = unit;
  // Another user has none of the bounding set but what is ambient.
  const setting = isRootsUnit(unit) ? "CapabilityBoundingSet" : "AmbientCapabilities";
  const named = (properties.get(setting) ?? "")
    .split(/\s+/)
    .map((word) => word.toLowerCase().replace(/^cap_/, ""))
    .filter((word) => capabilityNames.some((name) => name === word));
  return named.length > CAPABILITIES_NAMED_MAX
    ? []
    : named.map((line) => ({ section: "capabilities" as const, line, ...source(setting) }));
}

/** By what the daemon speaks to systemd, and what systemd hands to it. */
function messages(
  unit: Unit,
  source: SourceOf,
  sockets: readonly ActivatingSocket[],
): readonly Evidence[] {
  const awaited = readinessOf(unit);
  const stream = socketOutputOf(unit);
  return [
    ...(awaited === null
      ? []
      : [
          {
            section: "network" as const,
            line: `connect unix ${awaited.socket}`,
            ...source("Type"),
            why: `Type=${awaited.type} of ${unit.name}`,
          },
        ]),
    ...(stream === null
      ? []
      : [{ section: "inherit" as const, line: "stdio-sockets", ...source(stream) }]),
    ...sockets.map(({ name, isUsed }) => ({
      section: "inherit" as const,
      line: "listen",
      why: isUsed ? `${name} hands sockets over` : `${name} hands sockets over once it is started`,
      witness: "unit" as const,
    })),
  ];
}

function listed(unit: Unit, setting: string): readonly string[] {
  return words(property(unit, setting));
}

/** For the summary of a draft. */
export function descriptionOf({ name, properties }: Unit): string {
  return properties.get("Description") || name;
}

/** As the section `enter` takes it. */
export function entryOfUnit({ name }: Unit, outside: readonly ControlCommand[]): string {
  const quoted = /^[\w.@-]+$/.test(name) ? name : JSON.stringify(name);
  const left = outside.length === 0 ? "" : `, outside: [${outside.join(", ")}]`;
  return `{ unit: ${quoted}${left} }`;
}
