import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { endOf, exceptionsPath, placeOfGrant, readExceptionsText } from "../domains/exceptions.ts";
import { type LevelClock, levelClock } from "../domains/level-clock.ts";
import { groups } from "../kernel/syscall-groups.ts";
import { all } from "../kernel/syscalls.ts";
import type { Policy } from "../model/policy.ts";
import {
  type ExceptionsFile,
  type LoadedPolicy,
  loadPolicy,
  PolicyLook,
  type Shipped,
  type Vocabulary,
} from "../policy/load.ts";
import { type Places, ROOTS_POLICIES } from "./places.ts";

export function vocabulary(): Vocabulary {
  return { syscalls: new Set(all()), groups: new Map(Object.entries(groups())) };
}

export type Wanted = { readonly name: string } | { readonly file: string };

/** As given by `--set`. */
export type Settings = Readonly<Record<string, string>>;

export interface NamedPolicy {
  readonly name: string;
  readonly policy: Policy;
  readonly files: readonly string[];
}

/** To be taken instead of what the disk has. */
export interface Instead {
  /** For the domain's own file. */
  readonly text?: string;
  /** For the file of its exceptions. */
  readonly exceptions?: Uint8Array;
}

/**
 * The policy in force: the domain's files, and its exceptions if it is the host's. Everything wrong
 * is in the diagnostics, unknown names included.
 */
export function load(
  places: Places,
  wanted: Wanted,
  set: Settings = {},
  instead: Instead = {},
): LoadedPolicy {
  const searchPath = "file" in wanted ? places.policies : foldersFor(places, wanted.name);
  const elsewhere = places.asRoot ? [] : [ROOTS_POLICIES];
  return loadPolicy("file" in wanted ? wanted.file : { name: wanted.name, searchPath, elsewhere }, {
    vocabulary: vocabulary(),
    set,
    shipped: shippedOf(places),
    abstractions: places.policies.map((folder) => join(folder, "abstractions")),
    ...(instead.text === undefined ? {} : { text: instead.text }),
    ...(hasExceptions(places, wanted, set)
      ? { exceptions: (domain) => exceptionsFile(places, domain, instead.exceptions) }
      : {}),
  });
}

/**
 * Not for other values of variables: that policy is in no table, so that a running process would
 * keep an exception that is taken back.
 */
function hasExceptions({ asRoot }: Places, wanted: Wanted, set: Settings): boolean {
  return asRoot && "name" in wanted && Object.keys(set).length === 0;
}

function exceptionsFile(
  { system }: Places,
  domain: string,
  bytes: Uint8Array | undefined,
): ExceptionsFile {
  return {
    file: exceptionsPath(system.exceptions, domain),
    ...(bytes === undefined ? {} : { bytes }),
    read: (written) => linesInForce(Buffer.from(written).toString(), levelClock()),
  };
}

function linesInForce(text: string, clock: LevelClock): ReturnType<ExceptionsFile["read"]> {
  const read = readExceptionsText(text);
  if (read.state === "bad") return { problem: read.problem };
  return read.value.flatMap((exception, index) => {
    const { section, line } = exception;
    const until = endOf(exception, clock);
    return until === null ? [] : [{ section, line, until, place: placeOfGrant(index) }];
  });
}

const MACHINES = "vm@";

/**
 * A running virtual machine has a policy of its own, made of its template and its description; it
 * takes precedence.
 */
function foldersFor({ policies, asRoot, system }: Places, name: string): readonly string[] {
  const isMachine = asRoot && name.startsWith(MACHINES) && name !== MACHINES;
  return isMachine ? [system.machines.running, ...policies] : policies;
}

/** Shows whether loading a policy again would give the same. */
export function lookAgain(places: Places): PolicyLook {
  const now = levelClock().uptime * 1_000;
  return new PolicyLook([0, process.geteuid?.() ?? 0], now, shippedOf(places));
}

export function shippedOf({ home, shipped }: Places): Shipped {
  return { folder: shipped, owner: statSync(home).uid };
}

/** null if no policy has that name. An instance's own file takes precedence over its template's. */
export function libraryFile(places: Places, name: string): string | null {
  const at = name.indexOf("@") + 1;
  const fileNames = at === 0 || at === name.length ? [name] : [name, name.slice(0, at)];
  const files = fileNames.flatMap((file) =>
    foldersFor(places, name).map((folder) => join(folder, `${file}.yaml`)),
  );
  return files.find((file) => existsSync(file)) ?? null;
}

/** Files beside policies that look like policies and are not read. */
export function misnamedPolicies({ policies }: Places): readonly string[] {
  return filesIn(policies).filter((file) => file.endsWith(".yml"));
}

/** Without templates, sorted. */
export function domainNames(places: Places): readonly string[] {
  return policyNames(places).filter((name) => !isTemplate(name));
}

/** Those whose policy is the administrator's, not a shipped one; without templates. */
export function ownDomainNames({ policies }: Places): readonly string[] {
  return policyNames({ policies: policies.slice(0, 1) }).filter((name) => !isTemplate(name));
}

/**
 * Each policy that can be used, by its file's name: of domains, then of templates (`worker@`, as
 * some instance has it). `only`: of this name.
 */
export function usablePolicies(places: Places, only?: string): readonly NamedPolicy[] {
  return [...eachUsablePolicy(places, only)];
}

/** The same one by one, for a caller that has other things to do between them. */
export function* eachUsablePolicy(places: Places, only?: string): Generator<NamedPolicy> {
  const every = policyNames(places);
  const names = [...every.filter((name) => !isTemplate(name)), ...every.filter(isTemplate)];
  for (const name of names) {
    if (only !== undefined && name !== only) continue;
    const { policy, files } = load(places, { name: isTemplate(name) ? `${name}x` : name });
    if (policy !== null) yield { name, policy, files };
  }
}

function isTemplate(name: string): boolean {
  return name.endsWith("@");
}

/** A missing folder holds none. */
function policyNames({ policies }: Pick<Places, "policies">): readonly string[] {
  const names = filesIn(policies)
    .map((file) => basename(file))
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => file.slice(0, -".yaml".length));
  return [...new Set(names)].sort();
}

function filesIn(folders: readonly string[]): readonly string[] {
  return folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
}
