import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { PUBLIC_FOLDER, PUBLIC_PROGRAM } from "../../../src/base/modes.ts";
import { Domain, front, type How, type Outcome } from "../domain.ts";

/** Names below `home` that the policy grants or denies, directories above them first. */
export const names = [
  "app",
  "app/data",
  "app/data/x",
  "app/data/secret",
  "app/logs",
  "app/logs/one.log",
  "app/link",
  "app/conf",
  "app/run.pid",
  "app/made",
] as const;
export type Name = (typeof names)[number];

/** What can become of one name. */
export const changes = {
  gone: (name: string) => fs.rmSync(name, { recursive: true, force: true }),
  file: (name: string) => {
    changes.gone(name);
    fs.writeFileSync(name, "made\n");
  },
  directory: (name: string) => {
    changes.gone(name);
    fs.mkdirSync(name);
    fs.writeFileSync(path.join(name, "x"), "made\n");
  },
  replaced: (name: string) => {
    fs.writeFileSync(`${name}.new`, "replaced\n");
    fs.renameSync(`${name}.new`, name);
  },
  link: (name: string) => {
    changes.gone(name);
    fs.symlinkSync("../elsewhere", name);
  },
  loop: (name: string) => {
    changes.gone(name);
    fs.symlinkSync(path.basename(name), name);
  },
  moved: (name: string) => {
    changes.gone(`${name}.old`);
    fs.renameSync(name, `${name}.old`);
  },
  movedBack: (name: string) => {
    if (fs.existsSync(`${name}.old`)) changes.gone(name);
    fs.renameSync(`${name}.old`, name);
  },
  movedAndLinked: (name: string) => {
    changes.moved(name);
    fs.symlinkSync(`${path.basename(name)}.old`, name);
  },
  unreachable: (name: string) => fs.chmodSync(name, 0),
  reachable: (name: string) => fs.chmodSync(name, PUBLIC_FOLDER),
} as const satisfies Record<string, (name: string) => void>;
export type Change = keyof typeof changes;

/** One domain over a long time: what its host does meanwhile, and its starts. */
export class Life {
  readonly scene: Domain;
  readonly #program: string;
  /** As root: what lies on `/run/cofferdam` in the starts' own mount namespace. */
  readonly #run: string;
  #edits = 0;
  mediation: "sealed" | "supervised" = "sealed";

  constructor(uid: number) {
    this.scene = new Domain(uid);
    this.#program = `${this.scene.home}/bin/program`;
    this.#run = this.scene.at("run");
    this.#asUser(() => {
      for (const name of ["bin", "elsewhere"]) fs.mkdirSync(this.at(name));
      fs.writeFileSync(this.at("elsewhere/x"), "elsewhere\n");
    });
    this.restore();
    this.upgrade();
    this.editPolicy();
  }

  at(name: string): string {
    return path.join(this.scene.home, name);
  }

  /** Every name as a package would leave it. */
  restore(): void {
    this.#asUser(() => {
      for (const name of names.flatMap((name) => [name, `${name}.old`]))
        tryTo(() => fs.chmodSync(this.at(name), PUBLIC_FOLDER));
      for (const name of ["app", "app.old"]) changes.gone(this.at(name));
      for (const name of ["app", "app/data", "app/data/secret", "app/logs"])
        fs.mkdirSync(this.at(name));
      for (const name of ["data/x", "logs/one.log", "conf", "run.pid", "made"])
        fs.writeFileSync(this.at(`app/${name}`), `${name}\n`);
      fs.symlinkSync("data", this.at("app/link"));
    });
  }

  change(name: Name, change: Change): void {
    // A name that cannot be changed so, since another is above it, stays what it is.
    this.#asUser(() => tryTo(() => changes[change](this.at(name))));
  }

  /** As dpkg does it: each new file under another name, then over the old one. */
  upgrade(): void {
    this.#asUser(() => {
      fs.copyFileSync(this.scene.try, `${this.#program}.new`);
      fs.chmodSync(`${this.#program}.new`, PUBLIC_PROGRAM);
      fs.renameSync(`${this.#program}.new`, this.#program);
      tryTo(() => changes.replaced(this.at("app/conf")));
    });
  }

  removeProgram(): void {
    fs.rmSync(this.#program, { force: true });
  }

  /** Another text each time, so that every plan is stale. */
  editPolicy(text?: string): void {
    const { home } = this.scene;
    this.scene.write(
      "home/policies/scene.yaml",
      text ??
        `summary: life ${this.#edits++}
include: [base]
mediation: ${this.mediation}
files:
  - rx ${this.#program}
  - r ${home}/app/conf ${home}/app/link/**
  - rw ${home}/app/run.pid ${home}/app/logs/*.log
  - rw ${home}/app/data/**
  - rwcd ${home}/app/made
  - deny ${home}/app/data/secret/**
syscalls: ["@system-service"]
inherit: [stdio, stdio-sockets]
`,
    );
  }

  /** What lies on a tmpfs is gone after a boot. */
  boot(): void {
    for (const folder of [this.#run, this.at(".cache")])
      fs.rmSync(folder, { recursive: true, force: true });
  }

  /** Times that a host without a clock, or one that was set, leaves behind. */
  setTimes(seconds: number): void {
    const plans = fs.existsSync(this.#plans)
      ? fs.readdirSync(this.#plans).map((name) => path.join(this.#plans, name))
      : [];
    for (const file of [...plans, this.scene.policy, this.#program, this.at("app/conf")])
      tryTo(() => fs.utimesSync(file, seconds, seconds));
  }

  get #plans(): string {
    return this.scene.uid === 0
      ? path.join(this.#run, "plans")
      : path.join(this.at(".cache"), "cofferdam/plans");
  }

  /** What becomes of each name in the domain, one word each; else how the start ended. */
  start(how: How = {}, options: readonly string[] = []): Started {
    return this.#started(this.#wrapped(this.#run, how), options);
  }

  /** The same where no plan lies ready. */
  startAnew(): Started {
    const empty = this.scene.at("empty");
    fs.rmSync(empty, { recursive: true, force: true });
    this.#make(empty);
    const how = this.scene.uid === 0 ? {} : { environment: { XDG_RUNTIME_DIR: empty } };
    return this.#started(this.#wrapped(empty, how), []);
  }

  /** A start that is ended by SIGKILL, with all that it has started, after some milliseconds. */
  async crash(milliseconds: number): Promise<void> {
    const [program = "", ...args] = this.#line(this.#wrapped(this.#run, {}));
    const child = spawn(program, args, {
      env: { PATH, HOME: this.scene.home },
      cwd: "/",
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    const ended = new Promise((resolve) => child.once("close", resolve));
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
    await ended;
  }

  /** A process that keeps changing things until it is ended. */
  meanwhile(script: string): ChildProcess {
    const [program = "", ...args] = [...this.#become(), "sh", "-c", script];
    return spawn(program, args, { cwd: this.scene.home, stdio: "ignore" });
  }

  close(): void {
    this.restore();
    this.scene.close();
  }

  #started(how: How, options: readonly string[]): Started {
    const lines = names.flatMap((name) => [`read ${this.at(name)}`, `write ${this.at(name)}`]);
    const outcome = this.scene.cofferdam(
      ["run", ...options, "--policy", this.scene.policy, "--", this.#program],
      { ...how, input: `${lines.join("\n")}\n` },
    );
    const words = outcome.out.trim().split("\n");
    return outcome.status === 0 && words.length === lines.length
      ? { kind: "started", words: words.map((word, at) => `${lines[at]}: ${word}`) }
      : { kind: "refused", outcome };
  }

  #wrapped(run: string, how: How): How {
    if (this.scene.uid !== 0) return how;
    this.#make(run);
    const mount = 'mount --bind "$0" /run/cofferdam; exec "$@"';
    const wrap = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", mount, run];
    return { ...how, wrap: [...wrap, ...(how.wrap ?? [])] };
  }

  #line({ wrap = [] }: How): readonly string[] {
    const run = [front, "run", "--policy", this.scene.policy, "--", this.#program];
    return [...wrap, ...this.#become(), ...run];
  }

  #become(): readonly string[] {
    const uid = String(this.scene.uid);
    return this.scene.uid === process.getuid?.()
      ? []
      : ["setpriv", "--reuid", uid, "--regid", uid, "--clear-groups"];
  }

  #make(folder: string): void {
    fs.mkdirSync(folder, { recursive: true, mode: PUBLIC_FOLDER });
    if (process.getuid?.() !== 0) return;
    fs.chownSync(folder, this.scene.uid, this.scene.uid);
    fs.mkdirSync("/run/cofferdam", { recursive: true });
  }

  /** What is made belongs to the scene's user, as if the user had made it. */
  #asUser(work: () => void): void {
    if (this.scene.uid === process.geteuid?.()) {
      work();
      return;
    }
    process.setegid?.(this.scene.uid);
    process.seteuid?.(this.scene.uid);
    try {
      work();
    } finally {
      process.seteuid?.(0);
      process.setegid?.(0);
    }
  }
}

const PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

export type Started =
  | { readonly kind: "started"; readonly words: readonly string[] }
  | { readonly kind: "refused"; readonly outcome: Outcome };

function tryTo(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}
