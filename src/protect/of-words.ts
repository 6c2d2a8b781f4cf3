import { readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { WRITABLE_BY_OTHERS } from "../base/modes.ts";
import { canonical } from "../host/program-named.ts";
import { shared } from "../policy/3-check/shared-folders.ts";
import { type Evidence, ofFile, ofFolder, type Source } from "./evidence.ts";
import { modulesOf } from "./interpreters.ts";
import type { Started } from "./of-program.ts";

/** Bytes of a configuration file that is looked into. */
const CONFIGURATION_BYTES_MAX = 256 * 1024;
/** Names of one configuration file that are taken. */
const NAMES_MAX = 64;
/** Folders above a script in which its modules may be. */
const FOLDERS_ABOVE_MAX = 16;

/**
 * Files and folders that the arguments of a program name and that are there, and what a
 * configuration file among them names. `from`: the folder in which the program starts.
 */
export function ofWords({ program, words, source }: Started, from: string): readonly Evidence[] {
  const how = { ...source, why: `an argument, ${source.why}` };
  const script = scriptAt(program, words);
  return words.flatMap((word, at) => {
    const path = nameIn(word, from);
    if (path === null) return [];
    if (at === script) return ofScript(path, source);
    if (isFolder(path)) return [ofFolder("r", path, how)];
    return [ofFile("r", path, how), ...ofConfiguration(path, source.witness)];
  });
}

/** Of an interpreter the first word without a hyphen is its script, else -1. */
function scriptAt(program: string, words: readonly string[]): number {
  return modulesOf(program) === null ? -1 : words.findIndex((word) => !word.startsWith("-"));
}

/** What an interpreter is to run; null for another program, and for a script that is not there. */
export function scriptOf({ program, words }: Started, from: string): string | null {
  const word = words[scriptAt(program, words)];
  return word === undefined ? null : nameIn(word, from);
}

/**
 * The first argument of an interpreter, if it is named like a script and is not there; else null.
 * What follows options may be another's, such as a module's.
 */
export function missingScript({ program, words }: Started, from: string): string | null {
  const [word = ""] = words;
  const isScript = scriptAt(program, words) === 0 && (word.includes("/") || programText.test(word));
  return isScript && canonical(resolve(from, word)) === null ? word : null;
}

/** `FILE`, `--option=FILE` and `key:FILE`; null for a word that names nothing. */
function nameIn(word: string, from: string): string | null {
  const value = /^[\w-]+[=:](?=[/.])/.exec(word)?.[0].length ?? 0;
  const name = word.slice(value);
  if (name === "" || name.startsWith("-")) return null;
  const isName = name.includes("/") || value > 0 || /\.\w+$/.test(name);
  return isName ? canonical(resolve(from, name)) : null;
}

/** The script, and the modules that belong to its application: `node_modules` of Node. */
function ofScript(path: string, { why, witness }: Source): Evidence[] {
  if (isFolder(path)) return [ofFolder("r", path, { why: `a program, ${why}`, witness })];
  const own = { ...ofFile("r", path, { why: `a script, ${why}`, witness }), isProgram: true };
  const folders: Evidence[] = [];
  for (let at = dirname(path), left = FOLDERS_ABOVE_MAX; at !== "/" && left > 0; left -= 1) {
    const modules = canonical(join(at, "node_modules"));
    const source = { why: `modules of ${path}`, witness };
    if (modules !== null && isFolder(modules)) folders.push(ofFolder("r", modules, source));
    const description = canonical(join(at, "package.json"));
    if (description !== null) folders.push(ofFile("r", description, source));
    at = dirname(at);
  }
  return [own, ...folders];
}

/**
 * Names in a text file that are there: files, and folders as a whole. To read: more is unknown.
 * Logs are left out, which daemons write and need not read, and sockets, which cannot be opened.
 */
export function ofConfiguration(path: string, witness: Source["witness"]): Evidence[] {
  const text = textOf(path);
  if (text === null) return [];
  const doubt = isOfOthers(path) ? { doubt: `others than root and you can write ${path}` } : {};
  const source = { why: `${path} names it`, witness, ...doubt };
  const names = text
    .split("\n")
    .filter((line) => !/^\s*(?:[#;]|\/\/)/.test(line))
    .flatMap((line) => line.match(/(?<![\w.:/])\/[\w@.+/-]+/g) ?? []);
  const found = new Set(names.slice(0, NAMES_MAX).flatMap((name) => canonical(name) ?? []));
  return [...found]
    .filter((name) => name !== path && !shared.includes(name) && !isLogOrSocket(name))
    .map((name) => (isFolder(name) ? ofFolder("r", name, source) : ofFile("r", name, source)));
}

function isLogOrSocket(path: string): boolean {
  const isSocket = statSync(path, { throwIfNoEntry: false })?.isSocket() === true;
  return isSocket || path.startsWith("/var/log/");
}

/** Such as the daemon itself. */
function isOfOthers(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  const isOwn = stats?.uid === 0 || stats?.uid === process.geteuid?.();
  return stats === undefined || !isOwn || (stats.mode & WRITABLE_BY_OTHERS) !== 0;
}

/** What names of files in a program's text are for cannot be told. */
const programText = /\.(?:[cm]?[jt]s|py|rb|pl|php|sh|lua|jar)$/;

/** null for what is no text, or too long for a configuration file. */
function textOf(path: string): string | null {
  if (programText.test(path)) return null;
  try {
    const stats = statSync(path);
    if (!stats.isFile() || stats.size > CONFIGURATION_BYTES_MAX) return null;
    const text = readFileSync(path, "utf8");
    return text.includes("\0") || text.startsWith("#!") ? null : text;
  } catch {
    return null;
  }
}

export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
