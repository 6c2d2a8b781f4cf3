import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSupervisedFilter } from "../../src/compile/seccomp/supervised-filter.ts";
import type { Event } from "../../src/events/event.ts";
import { all, number } from "../../src/kernel/syscalls.ts";
import { noWordRules, noWords } from "../../src/kinds/model.ts";
import { encodeAutomaton } from "../../src/model/automaton/binary.ts";
import { buildAutomaton } from "../../src/model/automaton/build.ts";
import { Permission, type PermissionSet, permissionLetters } from "../../src/model/permission.ts";
import type { Level, NameRule, Policy } from "../../src/model/policy.ts";
import { encodePlan } from "../../src/plan/encode.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { scratchFolder } from "../support/scratch.ts";
import type { Built } from "./build.ts";

/** LANDLOCK_ACCESS_FS_* of ABI 5 without IOCTL_DEV. */
export const ALL_FILE_RIGHTS = 0x7fffn;
export const READ_RIGHTS = 0xdn;

const TIMEOUT_MS = 60_000;

export interface SceneOptions {
  /** `rwcda /path` lines; `deny` in front denies; `listen` and `connect` as words. */
  readonly rules: readonly string[];
  /** Directories in which Landlock grants everything. */
  readonly kernelCreates?: readonly string[];
  /** Beside reading everywhere and everything in kernelCreates. */
  readonly landlock?: readonly { readonly path: string; readonly rights: bigint }[];
  /** Calls that are notified beside the usual ones. */
  readonly notify?: readonly string[];
  /** Calls that the policy does not list. */
  readonly unlisted?: readonly string[];
  readonly as?: { readonly uid: number; readonly gid: number };
  /** Harness and mediator themselves run as this user. */
  readonly mediatorAs?: { readonly uid: number; readonly gid: number };
  readonly policy?: Partial<Policy>;
  readonly sockets?: Plan["mediation"]["sockets"];
  readonly withoutLandlock?: boolean;
  /**
   * No layer of Landlock, every mediated call notified, all system calls listed but the `unlisted`.
   */
  readonly supervised?: Level;
  readonly timeoutMs?: number;
  /** Times the mediator is killed in the middle of its work. */
  readonly kills?: number;
  /** Not before the target has made this file. */
  readonly killsAfter?: string;
  /** A command that starts harness, mediator and target. */
  readonly inside?: readonly string[];
  /** The domain is handed over to a shared mediator, which is started for it. */
  readonly shared?: boolean;
  /** It is handed over to one that serves already: its socket. */
  readonly joins?: string;
  /** Where its own mediator finds the host's table of domains. */
  readonly folder?: string;
  /** What the plan says otherwise. */
  readonly plan?: (plan: Plan) => Partial<Plan>;
  /** Its holder is of a version that holds no executions. */
  readonly oldHolder?: boolean;
  /** The last line says how much memory the mediator had. */
  readonly memory?: boolean;
}

export interface Run {
  readonly lines: readonly string[];
  readonly events: readonly Event[];
  readonly status: number | null;
  readonly stderr: string;
}

/** Calls of a sealed domain that are notified. */
export const usual =
  `creat mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat
  mknod mknodat chmod fchmod fchmodat fchmodat2 chown lchown fchown fchownat utime utimes futimesat
  utimensat setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr setxattrat
  removexattrat file_setattr memfd_create landlock_restrict_self bind listen prlimit64
  sched_setaffinity sched_setscheduler setpriority ioprio_set io_uring_setup`.split(/\s+/);

interface Prepared {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** What came of it; scratch files go with it. */
  finish(status: number | null, stdout: string, stderr: string): Run;
}

/** Runs a program under a mediator. */
export function runScene(
  built: Built,
  options: SceneOptions,
  program: readonly string[],
  cwd: string,
): Run {
  const { command, args, environment, finish } = prepare(built, options, program);
  const done = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    timeout: options.timeoutMs ?? TIMEOUT_MS,
    maxBuffer: 64 << 20,
    env: environment,
    ...options.mediatorAs,
  });
  return finish(done.status, done.stdout, done.stderr);
}

/** The same beside others. */
export function startScene(
  built: Built,
  options: SceneOptions,
  program: readonly string[],
  cwd: string,
): { readonly done: Promise<Run>; readonly process: ChildProcess } {
  const { command, args, environment, finish } = prepare(built, options, program);
  const process = spawn(command, args, {
    cwd,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const text = { stdout: "", stderr: "" };
  process.stdout.on("data", (data) => {
    text.stdout += data;
  });
  process.stderr.on("data", (data) => {
    text.stderr += data;
  });
  const done = new Promise<Run>((resolve) => {
    process.on("close", (status) => resolve(finish(status, text.stdout, text.stderr)));
  });
  return { done, process };
}

function prepare(built: Built, options: SceneOptions, program: readonly string[]): Prepared {
  const directory = scratchFolder("scene", { mode: 0o777 });
  const file = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(directory, name), content);
    return join(directory, name);
  };
  const { uid, gid } = options.as ?? { uid: 0, gid: 0 };
  const made = scenePlan(options, join(directory, "log"));
  const args = [
    options.withoutLandlock || options.supervised !== undefined
      ? "-"
      : file("landlock", landlockText(options)),
    file("filter", filterOf(options)),
    file("plan", encodePlan({ ...made, ...options.plan?.(made) })),
    `${uid}:${gid}`,
    process.execPath,
    built.mediator,
    ...program,
  ];
  const [command = "", ...prefix] = [...(options.inside ?? []), built.harness];
  const environment = {
    ...process.env,
    ...(options.kills === undefined ? {} : { HARNESS_KILLS: String(options.kills) }),
    ...(options.killsAfter === undefined ? {} : { HARNESS_KILLS_AFTER: options.killsAfter }),
    ...(options.shared ? { HARNESS_SHARED: join(directory, "mediator.sock") } : {}),
    ...(options.joins === undefined ? {} : { HARNESS_JOINS: options.joins }),
    ...(options.folder === undefined ? {} : { HARNESS_FOLDER: options.folder }),
    ...(options.memory ? { HARNESS_MEMORY: "1" } : {}),
    ...(options.oldHolder ? { HARNESS_OLD: "1" } : {}),
  };
  const finish = (status: number | null, stdout: string, stderr: string): Run => {
    const logged = join(directory, "log/events.jsonl");
    const text = existsSync(logged) ? readFileSync(logged, "utf8") : "";
    rmSync(directory, { recursive: true, force: true });
    const lines = (all: string): string[] => all.split("\n").filter(Boolean);
    return {
      lines: lines(stdout),
      events: lines(text).map((line) => JSON.parse(line)),
      status,
      stderr,
    };
  };
  return { command, args: [...prefix, ...args], environment, finish };
}

function landlockText(options: SceneOptions): string {
  const rules = [{ path: "/", rights: READ_RIGHTS }, ...(options.landlock ?? [])];
  for (const path of options.kernelCreates ?? []) rules.push({ path, rights: ALL_FILE_RIGHTS });
  return [
    `H ${ALL_FILE_RIGHTS.toString(16)}`,
    ...rules.map((rule) => `P ${rule.rights.toString(16)} ${rule.path}`),
  ].join("\n");
}

function nameRule(text: string, line: number): NameRule {
  const words = text.split(" ");
  const effect = words[0] === "deny" ? "deny" : "allow";
  if (effect === "deny") words.shift();
  const [letters = "", pattern = ""] = words;
  const permissions: PermissionSet =
    letters === "listen" || letters === "connect"
      ? Permission[letters]
      : [...letters].reduce(
          (set, letter) => set | permissionLetters[letter as keyof typeof permissionLetters],
          0,
        );
  return {
    effect,
    permissions,
    pattern,
    source: { file: "scene", line: line + 1, column: 1, text },
  };
}

function filterOf(options: SceneOptions): Uint8Array {
  if (options.supervised === undefined) return filter([...usual, ...(options.notify ?? [])]);
  return buildSupervisedFilter({
    listed: new Set(listedBy(options)),
    denied: new Set(),
    words: noWords,
    destinationsHeld: false,
  });
}

function listedBy(options: SceneOptions): readonly string[] {
  const named = [...usual, "open", "openat", "ioctl", ...(options.notify ?? [])];
  const calls = options.supervised === undefined ? named : all();
  return calls.filter((call) => !options.unlisted?.includes(call));
}

/** `log`: folder of its events. */
export function scenePlan(options: SceneOptions, log: string): Plan {
  const source = { file: "scene", line: 1, column: 1, text: "syscalls" };
  const names = options.rules.map(nameRule);
  const level = options.supervised ?? "enforcing";
  const mediation = options.supervised === undefined ? "sealed" : "supervised";
  const policy: Policy = {
    name: "scene",
    summary: "",
    level,
    mediation,
    entries: [],
    names,
    addresses: [],
    sockets: [],
    ...noWordRules,
    // Files in memory are one of the calls that scenes are about.
    memory: [{ effect: "allow", token: "memfd", source }],
    syscalls: listedBy(options).map((token) => ({ effect: "allow", token, source })),
    transitions: [],
    user: null,
    group: null,
    setUserId: [],
    coreDumps: "none",
    lateNames: "sealed",
    bestEffort: [],
    ...options.policy,
  };
  return {
    domain: "scene",
    number: null,
    policyTag: null,
    level,
    mode: mediation,
    engine: "landlock",
    attended: false,
    coreDumps: true,
    noNewCode: false,
    facts: [],
    host: { landlockAbi: 0, ptraceScope: 0, withoutCgroup2: false, forOneStart: false },
    identity: { user: null, noNewPrivileges: true, bounding: 0n, ambient: 0n, privateIpc: false },
    landlock: options.supervised === undefined ? layer(options) : null,
    seccomp: { filter: new Uint8Array(8), flags: 0, listener: true },
    cgroup: null,
    inherit: { stdio: true, stdioSockets: true, listen: false },
    automaton: encodeAutomaton(buildAutomaton(names)),
    mediation: {
      policy,
      events: log,
      live: false,
      sockets: options.sockets ?? (options.supervised === undefined ? KERNEL : BROKER),
      kernelCreates: options.kernelCreates ?? [],
      report: { layers: [], brokered: [], expanded: [], lost: [], resolved: [], pinned: [] },
    },
  };
}

const KERNEL = { inet: "kernel", unix: "kernel" } as const;
const BROKER = { inet: "broker", unix: "broker" } as const;

function layer(options: SceneOptions): Plan["landlock"] {
  const handledFs = options.withoutLandlock ? READ_RIGHTS : ALL_FILE_RIGHTS;
  return { handledFs, handledNet: 0n, scoped: 0n, restrictFlags: 0, paths: [], ports: [] };
}

const LOAD = 0x20;
const EQUAL = 0x15;
const BITS = 0x45;
const RETURN = 0x06;
const ALLOW = 0x7fff0000;
const NOTIFY = 0x7fc00000;
/** FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR. */
const INODE_IOCTLS = [0x40086602, 0x401c5820];
const O_CREAT_OR_TMPFILE = 0o100 | (0o20200000 & ~0o200000);

/** Notifies every call named, open and openat only when they may create. */
function filter(calls: readonly string[]): Uint8Array {
  const program: [number, number, number, number][] = [[LOAD, 0, 0, 0]];
  for (const [name, argument] of [
    ["open", 1],
    ["openat", 2],
  ] as const) {
    program.push(
      [EQUAL, 0, 4, numberOf(name)],
      [LOAD, 0, 0, 16 + 8 * argument],
      [BITS, 0, 1, O_CREAT_OR_TMPFILE],
    );
    program.push([RETURN, 0, 0, NOTIFY], [RETURN, 0, 0, ALLOW]);
  }
  for (const request of INODE_IOCTLS) {
    program.push([EQUAL, 0, 4, numberOf("ioctl")], [LOAD, 0, 0, 16 + 8], [EQUAL, 0, 1, request]);
    program.push([RETURN, 0, 0, NOTIFY], [LOAD, 0, 0, 0]);
  }
  for (const name of calls) program.push([EQUAL, 0, 1, numberOf(name)], [RETURN, 0, 0, NOTIFY]);
  program.push([RETURN, 0, 0, ALLOW]);
  const bytes = Buffer.alloc(8 * program.length);
  for (const [index, [code, yes, no, k]] of program.entries()) {
    bytes.writeUInt16LE(code, 8 * index);
    bytes.writeUInt8(yes, 8 * index + 2);
    bytes.writeUInt8(no, 8 * index + 3);
    bytes.writeUInt32LE(k >>> 0, 8 * index + 4);
  }
  return bytes;
}

function numberOf(name: string): number {
  const found = number(name);
  if (found === null) throw new Error(`no call ${name}`);
  return found;
}
