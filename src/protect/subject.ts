import { basename, resolve } from "node:path";
import {
  executableOf,
  readProc,
  readProcLink,
  readProcStat,
  readWords,
} from "../domains/proc-stat.ts";
import { ExitCode } from "../host/exit-code.ts";
import { HostError } from "../host/host-error.ts";
import type { Places } from "../host/places.ts";
import { programNamed } from "../host/program-named.ts";
import { runsSystemd } from "../host/service-unit.ts";
import { systemctl } from "../host/units/systemctl.ts";
import { isTemplate, readUnit, serviceName, type Unit } from "../host/units/unit.ts";
import { unitOfGroups } from "../host/units/unit-groups.ts";
import { isFound } from "../host/units/unit-state.ts";
import { whereabouts } from "../host/whereabouts.ts";
import { isCanonicalName } from "../model/canonical-name.ts";
import type { ControlCommand } from "../model/policy.ts";
import { NAME_LENGTH_MAX } from "../policy/limits.ts";
import { parseDomainName } from "../policy/names.ts";
import { programHead } from "./elf.ts";
import { hasTreeOfCaller, withChildren } from "./of-process.ts";
import type { Started } from "./of-program.ts";
import { programsOf } from "./of-unit.ts";
import { missingScript, scriptOf } from "./of-words.ts";

/** What is to be protected, as far as it was found. */
export interface Subject {
  /** As the caller could name it again. */
  readonly target: string;
  /** Of the domain, if no policy is there yet. */
  readonly name: string;
  /** null for what no unit starts. */
  readonly unit: Unit | null;
  /** The first is the daemon's own program. */
  readonly started: readonly Started[];
  /** Kinds of the unit's commands that stay outside the domain. */
  readonly outside: readonly ControlCommand[];
  /** The daemon's processes, if it runs. */
  readonly pids: readonly number[];
  /** Where relative names in the arguments begin. */
  readonly folder: string;
}

/**
 * `words`: one for a unit, a program or a process id; several for a command line.
 * @throws HostError for what is not there, or is in a domain already
 */
export function subjectOf(words: readonly string[], places: Places, folder: string): Subject {
  const [word = "", ...more] = words;
  if (more.length > 0) {
    requireCommand(words);
    return ofCommand(words, folder);
  }
  if (/^\d+$/.test(word)) return ofProcess(Number(word), places);
  if (!word.includes("/") && isUnit(word)) return ofUnitNamed(word, places);
  return ofCommand(words, folder);
}

/** Two units look like a command line. @throws HostError */
function requireCommand(words: readonly string[]): void {
  if (!words.every((word) => !word.includes("/") && isUnit(word))) return;
  throw new HostError(
    `${words.join(", ")} are several units`,
    "protect one after the other: each draft is to be read",
    ExitCode.usage,
  );
}

/** A word that ends like a unit's is one, there or not. */
function isUnit(word: string): boolean {
  if (/\.(?:service|socket|timer|scope|slice|target)$/.test(word)) return true;
  if (!runsSystemd() || !/^\w[\w:.\\@-]*$/.test(word)) return false;
  return isFound(serviceName(word));
}

function ofUnitNamed(word: string, places: Places): Subject {
  if (!places.asRoot)
    throw new HostError(
      "only root can protect units",
      "try again with sudo, or name the program that you start yourself",
    );
  if (!runsSystemd())
    throw new HostError(
      "no systemd runs here",
      "name the daemon's program: cofferdam protect /usr/sbin/NAME",
    );
  const unit = readUnit(word);
  if (isTemplate(unit.name))
    throw new HostError(
      `${unit.name} is a template: its instances are the units`,
      `cofferdam protect ${unit.name.replace("@.service", "@INSTANCE")}`,
      ExitCode.usage,
    );
  if (unit.dropIn !== null)
    throw new HostError(
      `${unit.name} is started in its domain already`,
      `cofferdam unit status ${unit.name}`,
      ExitCode.no,
    );
  requireOwnTree(unit);
  const { started, outside, missing } = programsOf(unit);
  if (!started.some(({ isDaemon }) => isDaemon))
    throw new HostError(
      `${missing.join(", ")}, which ${unit.name} starts, is not on this host`,
      `see \`systemctl cat ${unit.name}\``,
    );
  const main = Number(unit.properties.get("MainPID") ?? 0);
  const here = unit.properties.get("WorkingDirectory") ?? "";
  if (main > 0) requireOutside(main, places);
  return {
    target: unit.name,
    name: nameFrom(unit.name.replace(/\.service$/, "")),
    ...{ unit, outside },
    started: started.toSorted((a, b) => Number(b.isDaemon) - Number(a.isDaemon)),
    pids: main > 0 ? withChildren(main) : [],
    folder: here.startsWith("/") ? here : "/",
  };
}

/** @throws HostError for a unit whose files are not this host's */
function requireOwnTree({ name, properties }: Unit): void {
  const setting = ["RootDirectory", "RootImage"].find((one) => (properties.get(one) ?? "") !== "");
  if (setting === undefined) return;
  throw new HostError(
    `${name} has another root (${setting}=): what is on this host says nothing about it`,
    "write its policy by the names of that tree: docs/units.md",
    ExitCode.no,
  );
}

/** The process of a unit stands for its unit: that is what starts it again. */
function ofProcess(pid: number, places: Places): Subject {
  if (!places.asRoot)
    throw new HostError(
      "only root can look at running processes",
      "name the program: cofferdam protect ./tool, or cofferdam protect -- ./tool WORDS",
    );
  const stat = readProcStat(pid);
  const program = executableOf(pid);
  if (stat === null)
    throw new HostError(`no process ${pid} runs`, "see `cofferdam ps`, or name the program");
  if (program === null) {
    const why = stat.kernel ? "is a part of the kernel" : "does not show its program";
    throw new HostError(`process ${pid} ${why}`, "name a daemon's unit, or its program");
  }
  requireOutside(pid, places);
  const unit = unitOfGroups(readProc(`/proc/${pid}/cgroup`) ?? "");
  if (unit !== null && runsSystemd() && mainOf(unit) === pid) return ofUnitNamed(unit, places);
  requireNames(pid, program);
  const found = requireProgram(program, "/");
  const source = { why: `process ${pid} runs it`, witness: "process" } as const;
  const words = (readWords(pid) ?? "").split("\0").filter((one) => one !== "");
  return {
    target: String(pid),
    name: nameFrom(basename(found)),
    ...{ unit: null, outside: [] },
    started: [{ program: found, written: program, words: words.slice(1), source, isDaemon: true }],
    pids: withChildren(pid),
    folder: readProcLink(`/proc/${pid}/cwd`) ?? "/",
  };
}

/** @throws HostError for a process whose names are not this host's, or that runs a file without */
function requireNames(pid: number, program: string): void {
  if (!hasTreeOfCaller(pid))
    throw new HostError(
      `process ${pid} has another tree of files: its names say nothing about this host`,
      "name a daemon's unit, or its program",
      ExitCode.no,
    );
  // memfd_create(2) takes any name, `../usr/bin/dash` too.
  if (isCanonicalName(program)) return;
  throw new HostError(
    `process ${pid} runs a program without a name of this host`,
    "name a daemon's unit, or its program",
    ExitCode.no,
  );
}

/** A unit's main process; 0 if none runs. */
export function mainOf(unit: string): number {
  return Number(systemctl("show", "--property=MainPID", "--value", "--", unit).out.trim());
}

function requireOutside(pid: number, places: Places): void {
  const where = whereabouts(pid, places);
  if (where.kind !== "domain") return;
  const { domain } = where.member;
  throw new HostError(
    `process ${pid} is in the domain ${domain} already`,
    `cofferdam domain show ${domain}`,
    ExitCode.no,
  );
}

function ofCommand(words: readonly string[], folder: string): Subject {
  const [written = "", ...more] = words;
  const program = requireProgram(written, folder);
  const source = { why: "on your command line", witness: "command" } as const;
  const one: Started = {
    ...{ program, words: more, source, isDaemon: true },
    written: written.includes("/") ? resolve(folder, written) : written,
  };
  const missing = missingScript(one, folder);
  if (missing !== null)
    throw new HostError(
      `\`${missing}\`, which ${program} is to run, is not there`,
      "give the command line as you start it, from the folder in which you start it",
    );
  const script = scriptOf(one, folder);
  const named = script === null ? basename(written) : basename(script).replace(/\.\w+$/, "");
  return {
    target: more.length === 0 ? written : `-- ${words.join(" ")}`,
    name: nameFrom(named),
    ...{ unit: null, outside: [], started: [one], pids: [], folder },
  };
}

/** @throws HostError for what the kernel would not start */
function requireProgram(written: string, folder: string): string {
  const program = programNamed(written, folder);
  if (program === null)
    throw new HostError(
      `\`${written}\` is neither a unit nor a program of this host`,
      "name a unit, a program by its path, a process id, or write `--` before a command line",
    );
  const head = programHead(program);
  if (head === null)
    throw new HostError(`${program} cannot be read`, "a program is judged by what is in it");
  if (head.kind === "other")
    throw new HostError(
      `${program} is no program: it begins neither like ELF nor with \`#!\``,
      "name the program that starts it, with `--` before its command line",
    );
  return program;
}

/** What a domain may be called, from what the unit or the program is called. */
function nameFrom(text: string): string {
  const name = text.replaceAll(/[^A-Za-z0-9_.@-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "");
  return parseDomainName(name.slice(0, NAME_LENGTH_MAX)) === null
    ? "daemon"
    : name.slice(0, NAME_LENGTH_MAX);
}
