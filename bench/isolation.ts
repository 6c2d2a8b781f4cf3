import type { ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { SHARED_FILE } from "../src/base/modes.ts";
import { Acceptor } from "./acceptor.ts";
import { HangingFiles } from "./hanging-files.ts";
import { INNOCENT, Innocent, InnocentProgram, type Timed } from "./innocent.ts";
import { hasOwnHost, OwnHost } from "./own-host.ts";
import { progress } from "./progress.ts";
import { SandboxedHost } from "./sandboxed-host.ts";
import { median, type Scratch } from "./scratch.ts";
import { isolationNote } from "./slowest.ts";
import { type Row, rootOnly } from "./table.ts";

/** Design: how much longer another domain's slowest call may take, in milliseconds. */
const BUDGET_MS = 20;
/** An attack that has not begun by then will not. */
const BEGIN_MS_MAX = 30_000;
/** From its beginning until others may feel it. */
const SETTLE_MS = 300;
const LOOK_MS = 20;

/** Root's hostile domains, by their mediation. */
const HOSTILE = { supervised: "bench-hostile", sealed: "bench-hostile-sealed" } as const;

/** Of `programs/hostile.c`. */
const attacks = {
  page: "path on a page that is never read",
  memory: "mmap_lock held by mprotect over 20 GB",
  fifos: "1,000 FIFO opens that wait",
  listener: "500 connects to a full listener",
  groups: "as many supplementary groups as it gets",
  flood: "64 threads that ask without end",
  lease: "a file under a lease",
  large: "a file of 8 GB under fallocate, ftruncate",
  closing: "close(2) that waits (SO_LINGER)",
  silent: "close(2) that is never answered",
  program: "a program that is never read",
} as const;
type Attack = keyof typeof attacks;

/** What takes neither a socket nor a capability, which the sandboxed shell has not. */
const ORDINARY: readonly Attack[] = ["page", "memory", "flood", "large", "silent"];

/** One side of the benchmark: where hostile and innocent domains have one mediator. */
interface Arena {
  readonly scratch: Scratch;
  readonly innocent: InnocentProgram;
  /** Compiled programs. */
  readonly hostile: string;
  readonly hangingFiles: string;
  start(domain: string, command: readonly string[], output: string): ChildProcess;
  attack(words: readonly string[], output: string): ChildProcess;
  /** The hostile domain's to write; made, and emptied afterwards. */
  readonly folder: string;
  prepare(): void;
  clear(): Promise<void>;
  /** In front of a command of root's that is to see the same mounts. */
  words(command: readonly string[]): readonly string[];
}

/**
 * Property 14: the slowest call of an innocent domain, alone and while a hostile one of the same
 * mediator does its worst.
 */
export async function isolationTimes(scratch: Scratch): Promise<Row[]> {
  if (!hasOwnHost()) return [rootOnly("slowest call of another domain", "ms")];
  const server = await Acceptor.start(scratch);
  const programs = {
    scratch,
    innocent: new InnocentProgram(scratch, server.port),
    hostile: scratch.program("hostile"),
    hangingFiles: scratch.program("hanging-files"),
  };
  try {
    const rows = [...(await besideRoots(programs)), ...(await besideAnOrdinaryUser(programs))];
    return [...rows, machinesOwn(rows)];
  } finally {
    server.close();
  }
}

type Programs = Pick<Arena, "scratch" | "innocent" | "hostile" | "hangingFiles">;

async function besideRoots(programs: Programs): Promise<Row[]> {
  const { scratch, innocent, hostile } = programs;
  const folder = scratch.file("hostile-folder");
  const host = await OwnHost.start(
    new Map([
      [INNOCENT, innocent.policy],
      [HOSTILE.supervised, hostilePolicy(hostile, folder, "supervised")],
      [HOSTILE.sealed, hostilePolicy(hostile, folder, "sealed")],
    ]),
  );
  const rows: Row[] = [];
  try {
    await host.mediator();
    for (const [mediation, domain] of Object.entries(HOSTILE)) {
      const arena: Arena = {
        ...programs,
        folder,
        start: (...run) => host.run(...run),
        attack: (words, output) => host.run(domain, [hostile, ...words], output),
        prepare: () => fs.mkdirSync(folder),
        async clear() {
          await host.idle();
          fs.rmSync(folder, { recursive: true, force: true });
        },
        words: (command) => command,
      };
      for (const attack of Object.keys(attacks) as Attack[])
        rows.push(await attacked(arena, attack, mediation));
    }
  } finally {
    await host.stop();
  }
  return rows;
}

/** In a sandboxed shell: the mediator of root's domains serves its domain. */
async function besideAnOrdinaryUser(programs: Programs): Promise<Row[]> {
  const host = await SandboxedHost.start(new Map([[INNOCENT, programs.innocent.policy]]));
  const { folder } = host;
  const arena: Arena = {
    ...programs,
    folder,
    start: (...run) => host.run(...run),
    attack: (words, output) => host.runSandboxed(programs.hostile, words, output),
    prepare: () => undefined,
    async clear() {
      await host.idle();
      host.shell(`rm -rf ${folder}/*`);
    },
    words: (command) => host.words(command),
  };
  const rows: Row[] = [];
  try {
    for (const attack of ORDINARY) rows.push(await attacked(arena, attack, "a user's shell"));
  } finally {
    await host.stop();
  }
  return rows;
}

async function attacked(arena: Arena, attack: Attack, whose: string): Promise<Row> {
  const what = `${attacks[attack]}, ${whose}`;
  progress(what);
  const { scratch, innocent, folder } = arena;
  const start = () => Innocent.start(innocent, arena.start);
  const alone = await (await start()).timed(() => undefined);
  const beside = await start();
  arena.prepare();
  const hanging = await HangingFiles.start(arena.hangingFiles, `${folder}/hanging`, arena.words);
  const output = scratch.file("hostile-output");
  fs.writeFileSync(output, "");
  fs.chmodSync(output, SHARED_FILE);
  const run = arena.attack([attack, folder, hanging.folder], output);
  const over = () => {
    run.kill("SIGKILL");
    hanging.end();
  };
  try {
    const failure = await begun(run, output);
    if (failure !== null) return { what, unit: "ms", figures: {}, note: `not begun: ${failure}` };
    await pause(SETTLE_MS);
    return row(what, alone, await beside.timed(over));
  } finally {
    over();
    beside.end();
    await arena.clear();
  }
}

/** null once the attack is under way; else what kept it from beginning. */
async function begun(run: ChildProcess, output: string): Promise<string | null> {
  for (const since = performance.now(); ; await pause(LOOK_MS)) {
    const said = fs.readFileSync(output, "utf8");
    if (said.includes("ready")) return null;
    const isOver = run.exitCode !== null || run.signalCode !== null;
    if (isOver || performance.now() - since > BEGIN_MS_MAX)
      return said.split("\n")[0] || "no word of it";
  }
}

function row(what: string, alone: Timed, beside: Timed): Row {
  const figures = {
    "alone p99.9": alone.slowest.p999 / 1000,
    "alone max": alone.slowest.most / 1000,
    "beside p99.9": beside.slowest.p999 / 1000,
    "beside max": beside.slowest.most / 1000,
  };
  const kept = beside.isKept ? "; until the attack was ended" : "";
  const note = isolationNote(alone.slowest, beside.slowest, BUDGET_MS) + kept;
  return { what, unit: "ms", figures, note };
}

/** Without an attack: on a busy machine a call may be late for other reasons. */
function machinesOwn(rows: readonly Row[]): Row {
  const most = rows.map(({ figures }) => figures["alone max"] ?? 0);
  return {
    what: "nothing else, of all rounds",
    unit: "ms",
    figures: { "alone max": Math.max(...most) },
    note: `median of their slowest calls ${median(most).toFixed(1)} ms`,
  };
}

/** Everything that an attack needs is granted: a refused call delays no other domain. */
function hostilePolicy(program: string, folder: string, mediation: string): string {
  return `summary: benchmark
level: enforcing
mediation: ${mediation}
include: [base]
files:
  - rx ${program} ${folder}/hanging/**
  - rwcda ${folder}/**
network:
  - listen tcp *
  - connect tcp loopback:*
  - listen unix ${folder}/*.sock
  - connect unix ${folder}/*.sock
capabilities: [setgid, lease]
inherit: [stdio]
syscalls: ["@system-service"]
`;
}
