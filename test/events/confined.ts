import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { PUBLIC_FOLDER } from "../../src/base/modes.ts";
import type { Event } from "../../src/events/event.ts";
import { encodePlan } from "../../src/plan/encode.ts";
import type { CgroupPlan } from "../../src/plan/plan.ts";
import { policyOf } from "../cgroup/policies.ts";
import { samplePlan } from "../plan/sample.ts";
import { compileC } from "../support/compile-c.ts";
import { IN_CLONE, scratchFolder } from "../support/scratch.ts";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));
/** The collector ends by itself after its run; longer means that it hangs. Milliseconds. */
const COLLECTOR_END_MS = 60_000;
const POLL_MS = 20;

export interface Stage {
  readonly folder: string;
  /** The file that only the launcher tries to write. */
  readonly sentinel: string;
  readonly log: string;
  run(actions: readonly string[], options?: RunOptions): Promise<Outcome>;
  remove(): void;
}

export interface RunOptions {
  /** `-` for standard error; default the stage's log. */
  readonly target?: string;
  /** Called when the confined process is running and its collector is ready. */
  readonly meanwhile?: (collector: number) => Promise<void> | void;
  /**
   * Its stand-in enters a child of this anchor, and its plan says so. The policy grants nothing.
   */
  readonly cgroup?: CgroupPlan;
  /** Runs the stand-in and its collector as this user, who then owns the stage's folder. */
  readonly uid?: number;
}

export interface Outcome {
  readonly pid: number;
  readonly stderr: string;
  readonly events: Event[];
}

/**
 * Compiles the stand-in for the launcher and bundles the collector, both from the sources as they
 * are now.
 */
export function makeStage(): Stage {
  const folder = scratchFolder("collector");
  const bundle = join(
    scratchFolder("collector", { above: IN_CLONE, mode: PUBLIC_FOLDER }),
    "collector.mjs",
  );
  buildSync({
    entryPoints: [join(root, "src/events/collector-main.ts")],
    outfile: bundle,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    external: ["koffi"],
  });
  compileC(join(folder, "confined"), join(here, "confined.c"), ["-O1"]);
  const sentinel = join(folder, "web.plan");
  const log = join(folder, "events.jsonl");
  return {
    folder,
    sentinel,
    log,
    run: (actions, options = {}) => run({ folder, bundle, sentinel, log }, actions, options),
    remove: () => {
      rmSync(folder, { recursive: true });
      rmSync(dirname(bundle), { recursive: true });
    },
  };
}

async function run(
  {
    folder,
    bundle,
    sentinel,
    log,
  }: { folder: string; bundle: string; sentinel: string; log: string },
  actions: readonly string[],
  { target = log, meanwhile, uid, cgroup }: RunOptions,
): Promise<Outcome> {
  writeFileSync(sentinel, planWith(cgroup ?? null));
  if (target.startsWith(folder)) rmSync(target, { force: true });
  const args = [
    process.execPath,
    bundle,
    "web",
    sentinel,
    target,
    ...(cgroup ? ["enter", cgroup.anchor] : []),
    ...actions,
  ];
  const child = spawn(join(folder, "confined"), args, {
    stdio: ["ignore", "pipe", "pipe"],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const closed = new Promise((resolve) => child.once("close", resolve));
  const [pid = 0, collector = 0] = await new Promise<number[]>((resolve, reject) => {
    child.stdout.once("data", (text: Buffer) =>
      resolve(String(text).trim().split(" ").map(Number)),
    );
    child.once("exit", (status) =>
      reject(new Error(`the confined program ended early, status ${status}: ${stderr}`)),
    );
  });
  await meanwhile?.(collector);
  const status = await exited;
  if (status !== 0) throw new Error(`the confined program failed, status ${status}: ${stderr}`);
  await ended(collector);
  await closed;
  return {
    pid,
    stderr,
    events: target.startsWith(folder) && existsSync(target) ? readEvents(target) : [],
  };
}

function planWith(cgroup: CgroupPlan | null): Uint8Array {
  const plan = samplePlan();
  return encodePlan({ ...plan, cgroup, mediation: { ...plan.mediation, policy: policyOf({}) } });
}

export function readEvents(log: string): Event[] {
  const lines = readFileSync(log, "utf8").split("\n");
  if (lines.pop() !== "") throw new Error("the log does not end with a newline");
  return lines.map((line) => JSON.parse(line) as Event);
}

/** An orphan that is not reaped stays a zombie: it has ended, too. */
export async function ended(pid: number): Promise<void> {
  const deadline = Date.now() + COLLECTOR_END_MS;
  while (isRunning(pid)) {
    if (Date.now() > deadline) throw new Error(`the collector, process ${pid}, does not end`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function isRunning(pid: number): boolean {
  if (!existsSync(`/proc/${pid}`)) return false;
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch (error) {
    if (
      error instanceof Error &&
      "code" in error &&
      (error.code === "ENOENT" || error.code === "ESRCH")
    )
      return false;
    throw error;
  }
}
