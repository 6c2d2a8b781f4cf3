import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as net from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { HangingFiles } from "./hanging-files.ts";
import { hasOwnHost, OwnHost } from "./own-host.ts";
import { progress } from "./progress.ts";
import { median, type Scratch } from "./scratch.ts";
import { isolationNote, parseCalls, type Slowest, slowestOf } from "./slowest.ts";
import { type Row, rootOnly } from "./table.ts";

/** Design: how much longer another domain's slowest call may take, in milliseconds. */
const BUDGET_MS = 20;
/** The innocent domain's calls are timed for so long, alone and beside each attack. */
const TIMED_MS = 1_200;
/** A call that keeps the innocent domain longer after its time lasts until the attack is over. */
const KEPT_MS_MAX = 2_500;
/** From then on it must end by itself. */
const FREED_MS_MAX = 20_000;
/** An attack that has not begun by then will not. */
const BEGIN_MS_MAX = 30_000;
/** From its beginning until others may feel it. */
const SETTLE_MS = 300;
const LOOK_MS = 20;

const INNOCENT = "bench-innocent";
const HOSTILE = { supervised: "bench-hostile", sealed: "bench-hostile-sealed" } as const;

/** Of `programs/hostile.c`. */
const attacks = {
  page: "path on a page that is never read",
  memory: "mmap_lock held by mprotect over 20 GB",
  fifos: "1,000 FIFO opens that wait",
  listener: "500 connects to a full listener",
  groups: "65,536 supplementary groups",
  flood: "64 threads that ask without end",
  lease: "a file under a lease",
  large: "a file of 8 GB under fallocate, ftruncate",
  closing: "close(2) that waits (SO_LINGER)",
  silent: "close(2) that is never answered",
  program: "a program that is never read",
} as const;
type Attack = keyof typeof attacks;

interface Setting {
  readonly host: OwnHost;
  readonly scratch: Scratch;
  readonly hangingFiles: string;
  /** The innocent domain's command, and its folder. */
  readonly innocent: readonly string[];
  readonly own: string;
  readonly hostile: string;
  readonly folder: string;
}

/**
 * Property 14: the slowest call of an innocent domain, alone and while a hostile one of the same
 * mediator does its worst.
 */
export async function isolationTimes(scratch: Scratch): Promise<Row[]> {
  if (!hasOwnHost()) return [rootOnly("slowest call of another domain", "ms")];
  const server = net.createServer((socket) => socket.on("error", () => socket.destroy()).end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", 4096, resolve));
  const port = (server.address() as net.AddressInfo).port;
  const rows: Row[] = [];
  try {
    const setting = await begin(scratch, port);
    try {
      for (const [mediation, domain] of Object.entries(HOSTILE))
        for (const attack of Object.keys(attacks) as Attack[])
          rows.push(await attacked(setting, attack, domain, mediation));
    } finally {
      await setting.host.stop();
    }
  } finally {
    server.close();
  }
  return [...rows, machinesOwn(rows)];
}

/** Beside nothing: on a busy machine a call may be late without anybody's doing. */
function machinesOwn(rows: readonly Row[]): Row {
  const most = rows.map(({ figures }) => figures["alone max"] ?? 0);
  return {
    what: "nothing else, of all rounds",
    unit: "ms",
    figures: { "alone max": Math.max(...most) },
    note: `median of their slowest calls ${median(most).toFixed(1)} ms`,
  };
}

async function begin(scratch: Scratch, port: number): Promise<Setting> {
  const own = scratch.file("innocent-folder");
  fs.mkdirSync(own);
  fs.writeFileSync(`${own}/there`, "x");
  const program = scratch.program("one", ["-static", "-nostdlib"]);
  const slowest = scratch.program("slowest");
  const setting = {
    scratch,
    own,
    hangingFiles: scratch.program("hanging-files"),
    innocent: [slowest, own, String(port), program, String(TIMED_MS)],
    hostile: scratch.program("hostile"),
    folder: scratch.file("hostile-folder"),
  };
  const hostile = (mediation: string) => hostilePolicy(setting.hostile, setting.folder, mediation);
  const host = await OwnHost.start(
    new Map([
      [INNOCENT, innocentPolicy(slowest, program, own, port)],
      [HOSTILE.supervised, hostile("supervised")],
      [HOSTILE.sealed, hostile("sealed")],
    ]),
  );
  await host.mediator();
  return { ...setting, host };
}

async function attacked(
  setting: Setting,
  attack: Attack,
  domain: string,
  mediation: string,
): Promise<Row> {
  const what = `${attacks[attack]}, ${mediation}`;
  progress(what);
  const alone = await (await Innocent.start(setting)).timed(() => undefined);
  const innocent = await Innocent.start(setting);
  const { host, scratch, folder } = setting;
  fs.mkdirSync(folder);
  const hanging = await HangingFiles.start(setting.hangingFiles, `${folder}/hanging`);
  const output = scratch.file("hostile-output");
  const run = host.run(domain, [setting.hostile, attack, folder, hanging.folder], output);
  const over = () => {
    run.kill("SIGKILL");
    hanging.end();
  };
  try {
    const failure = await begun(run, output);
    if (failure !== null) return { what, unit: "ms", figures: {}, note: `not begun: ${failure}` };
    await pause(SETTLE_MS);
    return row(what, alone, await innocent.timed(over));
  } finally {
    over();
    innocent.end();
    await host.idle();
    fs.rmSync(folder, { recursive: true, force: true });
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

interface Timed {
  readonly slowest: Slowest;
  /** A call came to its end only with the attack. */
  readonly isKept: boolean;
}

/** The innocent domain, started and warm, which waits for a file to begin. */
class Innocent {
  readonly #run: ChildProcess;
  readonly #output: string;
  readonly #folder: string;

  private constructor(run: ChildProcess, output: string, folder: string) {
    this.#run = run;
    this.#output = output;
    this.#folder = folder;
  }

  static async start({ host, scratch, innocent, own }: Setting): Promise<Innocent> {
    for (const name of ["go", "started"]) fs.rmSync(`${own}/${name}`, { force: true });
    const output = scratch.file("innocent-output");
    const run = host.run(INNOCENT, innocent, output);
    for (const since = performance.now(); !fs.existsSync(`${own}/started`); await pause(LOOK_MS)) {
      if (run.exitCode === null && performance.now() - since < BEGIN_MS_MAX) continue;
      run.kill("SIGKILL");
      throw new Error(`the innocent domain does not start:\n${fs.readFileSync(output, "utf8")}`);
    }
    return new Innocent(run, output, own);
  }

  /** `over` ends the attack, where the domain is kept by it. */
  async timed(over: () => void): Promise<Timed> {
    const ended = once(this.#run, "exit");
    fs.writeFileSync(`${this.#folder}/go`, "");
    const isKept = !(await within(ended, TIMED_MS + KEPT_MS_MAX));
    if (isKept) over();
    if (isKept && !(await within(ended, FREED_MS_MAX))) {
      this.end();
      throw new Error("an innocent domain is kept although the attack is over");
    }
    const report = fs.readFileSync(this.#output, "utf8");
    const slowest = slowestOf(parseCalls(report));
    if (slowest === null) throw new Error(`the innocent domain does nothing:\n${report}`);
    return { slowest, isKept };
  }

  end(): void {
    this.#run.kill("SIGKILL");
  }
}

async function within(ended: Promise<unknown>, ms: number): Promise<boolean> {
  const controller = new AbortController();
  const late = pause(ms, false, { signal: controller.signal }).catch(() => true);
  const result = await Promise.race([ended.then(() => true), late]);
  controller.abort();
  return result;
}

function row(what: string, alone: Timed, beside: Timed): Row {
  const figures = {
    "alone p99.9": alone.slowest.p999 / 1000,
    "alone max": alone.slowest.most / 1000,
    "beside p99.9": beside.slowest.p999 / 1000,
    "beside max": beside.slowest.most / 1000,
  };
  const kept = beside.isKept ? "; until the attack was ended" : "";
  return {
    what,
    unit: "ms",
    figures,
    note: isolationNote(alone.slowest, beside.slowest, BUDGET_MS) + kept,
  };
}

function innocentPolicy(slowest: string, program: string, folder: string, port: number): string {
  return `summary: benchmark
level: enforcing
mediation: supervised
include: [base]
files:
  - rx ${slowest} ${program}
  - rwcd ${folder}/**
network: [connect tcp ${port}]
inherit: [stdio]
syscalls: ["@system-service"]
`;
}

/** All that an attack needs is granted: what is refused keeps nobody. */
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
