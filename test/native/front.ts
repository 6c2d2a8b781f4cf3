import { execFileSync, type SpawnSyncReturns, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { release, version } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PUBLIC_FILE, PUBLIC_FOLDER, SHARED_FOLDER } from "../../src/base/modes.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { compileC } from "../support/compile-c.ts";
import { scratchFolder } from "../support/scratch.ts";
import { bytesOf, minimalPlan, ownCapabilities } from "./plan-fixture.ts";

/** Who starts the daemon: the user of the tests, or an ordinary one. */
export type Who = "self" | "nobody";
export const NOBODY = 65534;
const source = (name: string) => fileURLToPath(new URL(`./${name}`, import.meta.url));
const repository = fileURLToPath(new URL("../..", import.meta.url));
/** A start that takes longer hangs; milliseconds. */
const RUN_TIMEOUT_MS = 60_000;

/**
 * The real front, built with a stand-in for node, in a scratch folder with places of its own for an
 * ordinary user.
 */
export class Front {
  readonly folder = realpathSync(scratchFolder("native", { mode: PUBLIC_FOLDER }));
  readonly dist = this.make("dist", SHARED_FOLDER);
  readonly work = this.make("work", SHARED_FOLDER);
  readonly binary = join(this.folder, "cofferdam");
  readonly node = join(this.folder, "node");
  /** Where the front looks for the host's mediator. */
  readonly socket = join(this.folder, "mediator.sock");
  readonly #made: string[] = [];
  #count = 0;

  constructor() {
    const { node } = this;
    compileHelper("fake-node.c", node);
    compileHelper("fail-syscall.c", join(this.folder, "fail-syscall"));
    execFileSync(join(repository, "native/build.sh"), [this.binary], {
      env: {
        ...process.env,
        NODE_PATH_ABS: node,
        DIST_DIR: this.dist,
        MEDIATOR_SOCKET: this.socket,
      },
    });
  }

  private make(name: string, mode: number): string {
    const path = join(this.folder, name);
    mkdirSync(path);
    chmodSync(path, mode);
    return path;
  }

  /** A domain's name that no other test run has. */
  domain(): string {
    return `native-test-${process.pid}-${this.#count++}`;
  }

  plan(change: (plan: Plan) => Plan = (plan) => plan, domain = this.domain()): Plan {
    return change(minimalPlan({ domain, writable: this.work }));
  }

  runtimeOf(who: Who): string {
    return ordinary(who) ? join(this.folder, "runtime") : "/run";
  }

  planPath(domain: string, who: Who = "self", choice: readonly string[] = [domain, ""]): string {
    return this.pathFor(domain, this.start(who, choice), who);
  }

  pathFor(domain: string, start: string, who: Who = "self"): string {
    return join(this.runtimeOf(who), "cofferdam/plans", `${domain}-${fnv1a(start)}.plan`);
  }

  /** What the front says a plan must have been made for; `choice`: domain, policy file, words. */
  start(
    who: Who,
    [domain = "", policy = "", ...words]: readonly string[],
    capabilities = ownCapabilities(),
  ): string {
    const self = `${process.geteuid?.()} ${process.getegid?.()} ${capabilities.toString(16)}`;
    const caller = who === "nobody" ? `${NOBODY} ${NOBODY} 0` : self;
    const texts = [release(), version(), caller, domain, policy, ...this.userPlaces(who), ...words];
    return texts.map((text) => `${Buffer.byteLength(text)}:${text}`).join("");
  }

  /** A plan's bytes as the compiler would write them for a start. */
  bytes(plan: Plan, who: Who = "self", choice: readonly string[] = [plan.domain, ""]): Uint8Array {
    return bytesOf(plan, this.start(who, choice));
  }

  /** Folders of policies and log, on which an ordinary user's plans depend. */
  private userPlaces(who: Who): string[] {
    return ordinary(who)
      ? [`${this.work}/.config/cofferdam`, `${this.work}/.local/state/cofferdam`]
      : [];
  }

  /** Puts a plan where the front looks for it. */
  put(
    plan: Plan,
    who: Who = "self",
    bytes: Uint8Array = this.bytes(plan, who),
    path = this.planPath(plan.domain, who),
  ): string {
    const plans = join(path, "..");
    mkdirSync(plans, { recursive: true, mode: PUBLIC_FOLDER });
    writeFileSync(path, bytes, { mode: PUBLIC_FILE });
    this.#made.push(path);
    if (ordinary(who) && process.geteuid?.() === 0) {
      for (const owned of [this.runtimeOf(who), join(plans, ".."), plans, path])
        chownSync(owned, NOBODY, NOBODY);
    }
    return path;
  }

  /** What the stand-in for the compiler will write. */
  next(bytes: Uint8Array | null): void {
    const path = join(this.dist, "next.plan");
    if (bytes === null) rmSync(path, { force: true });
    else writeFileSync(path, bytes);
  }

  setDist(name: string, text: string): void {
    writeFileSync(join(this.dist, name), text);
  }

  takeLog(name: string): string[] {
    const path = join(this.dist, name);
    const text = execFileSync("sh", ["-c", `cat ${path} 2>/dev/null || true; rm -f ${path}`], {
      encoding: "utf8",
    });
    return text.trimEnd().split("\n").filter(Boolean);
  }

  /**
   * The command line that starts `arguments` of the front as `who`, in front of which `wrapper` may
   * stand.
   */
  line(who: Who, args: readonly string[], wrapper: readonly string[] = []): [string, ...string[]] {
    const drop = who === "nobody" && process.geteuid?.() === 0;
    const user = drop
      ? ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--"]
      : [];
    return ["env", ...this.environment(who), ...user, ...wrapper, this.binary, ...args] as [
      string,
      ...string[],
    ];
  }

  environment(who: Who): string[] {
    return ordinary(who) ? [`XDG_RUNTIME_DIR=${this.runtimeOf(who)}`, `HOME=${this.work}`] : [];
  }

  run(
    who: Who,
    args: readonly string[],
    options: { wrapper?: readonly string[]; input?: string } = {},
  ): SpawnSyncReturns<string> {
    const [command, ...rest] = this.line(who, args, options.wrapper);
    return spawnSync(command, rest, {
      encoding: "utf8",
      timeout: RUN_TIMEOUT_MS,
      input: options.input,
      cwd: this.work,
    });
  }

  /**
   * Output of a command with the environment of the tests' own user; throws when it ends with
   * another status.
   */
  runWith(line: readonly string[], status = 0): string {
    const script = `"$@"; test $? = ${status}`;
    return execFileSync("env", [...this.environment("self"), "sh", "-c", script, "sh", ...line], {
      encoding: "utf8",
      timeout: RUN_TIMEOUT_MS,
      cwd: this.work,
      stdio: ["pipe", "pipe", "ignore"],
    });
  }

  failing(number: number, error: number, argument?: readonly [number, number]): string[] {
    return [
      join(this.folder, "fail-syscall"),
      `${number}`,
      `${error}`,
      ...(argument ?? []).map(String),
      "--",
    ];
  }

  close(): void {
    for (const path of this.#made) rmSync(path, { force: true });
    // A holder that a test killed leaves its record.
    const runs = join(this.runtimeOf("self"), "cofferdam/runs");
    for (const name of existsSync(runs) ? readdirSync(runs) : []) {
      const record = join(runs, name);
      if (textOf(record).startsWith(`native-test-${process.pid}-`)) rmSync(record, { force: true });
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Builds a helper of these tests, static so that any domain can run it. */
export function compileHelper(name: string, out: string): void {
  compileC(out, source(name), ["-D_GNU_SOURCE", "-O1", "-static", "-Wall", "-Wextra", "-Werror"]);
}

/** Of a symbolic link; empty where it went meanwhile. */
function textOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return "";
  }
}

function ordinary(who: Who): boolean {
  return who === "nobody" || process.geteuid?.() !== 0;
}

/** FNV-1a 64, as ARCHITECTURE.md names plans. */
export function fnv1a(text: string): string {
  let state = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text)) {
    state = BigInt.asUintN(64, (state ^ BigInt(byte)) * 0x100000001b3n);
  }
  return state.toString(16).padStart(16, "0");
}
