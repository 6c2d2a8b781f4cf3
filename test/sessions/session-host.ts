import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GROUP_FILE, PUBLIC_FILE, PUBLIC_FOLDER } from "../../src/base/modes.ts";
import { scratchFolder } from "../support/scratch.ts";

export interface TestUser {
  readonly name: string;
  readonly uid: number;
}

/** Accounts of the host below, and of no other. */
export const ada: TestUser = { name: "ada", uid: 61_001 };
export const bob: TestUser = { name: "bob", uid: 61_002 };
/** In the group that may leave the sandbox. */
export const carol: TestUser = { name: "carol", uid: 61_003 };

/**
 * What Cofferdam and sshd keep of a host is empty, the accounts are the test's, and files of ours
 * stand for those in /etc, for the processes below alone. It ends with its standard input.
 */
const mounts = `
for folder in /run /var/lib /var/log /var/spool /home /root; do
  mount -t tmpfs -o mode=0755 cofferdam-test "$folder"
done
mkdir -p -m 0755 /run/sshd
[ ! -e /etc/cofferdam ] || mount -t tmpfs -o mode=0755 cofferdam-test /etc/cofferdam
for file in passwd group shadow; do mount --bind "$1/$file" "/etc/$file"; done
while IFS=: read -r name _ uid gid _ home _; do
  case "$home" in /home/*) mkdir -m 0700 "$home"; chown "$uid:$gid" "$home" ;; esac
done <"$1/passwd"
echo ready
read -r _ || :
`;

/** For any one command, milliseconds: what hangs is to fail. */
const RUN_MS = 60_000;

export interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** A host of its own with a session server: whatever is started in it is a child of the test's. */
export class SessionHost {
  /** Of the test's own files; the same outside. */
  readonly folder = scratchFolder("sessions");
  readonly home: string;
  readonly #children: ChildProcess[] = [];
  #namespace = 0;
  #server: ChildProcess | null = null;
  #messages = "";

  /** What the session server said. */
  get messages(): string {
    return this.#messages;
  }

  private constructor(home: string) {
    this.home = home;
  }

  /** `home`: the installation that provides the programs. */
  static async start(home: string): Promise<SessionHost> {
    const host = new SessionHost(home);
    chmodSync(host.folder, PUBLIC_FOLDER);
    host.#accounts([ada, bob, carol]);
    const holder = spawn("unshare", [
      "--mount",
      "--propagation",
      "private",
      "sh",
      "-euc",
      mounts,
      "sh",
      host.folder,
    ]);
    host.#children.push(holder);
    await said(holder, "ready");
    host.#namespace = holder.pid ?? 0;
    await host.startServer();
    return host;
  }

  /** A session server; returns once it serves. */
  async startServer(): Promise<void> {
    this.#server = this.spawn([join(this.home, "bin", "cofferdam"), "sessions"]);
    this.#server.stderr?.on("data", (text) => {
      this.#messages += text;
    });
    await said(this.#server, "ready");
  }

  /** Without a message. */
  async killServer(): Promise<void> {
    if (this.#server === null) return;
    const ended = once(this.#server, "exit");
    this.#server.kill("SIGKILL");
    await ended;
  }

  get serverPid(): number {
    return this.#server?.pid ?? 0;
  }

  /** The running server is told to end, which it does with its last shell; another begins. */
  async replaceServer(): Promise<void> {
    this.#server?.kill("SIGTERM");
    await this.startServer();
  }

  /** Until the session server says so. */
  heard(words: string): Promise<void> {
    return this.#server === null
      ? Promise.reject(new Error("no server"))
      : said(this.#server, words);
  }

  /** For a while without it. */
  signalServer(signal: NodeJS.Signals): void {
    this.#server?.kill(signal);
  }

  #accounts(users: readonly TestUser[]): void {
    const system =
      "root:x:0:0:root:/root:/bin/bash\nsshd:x:101:65534::/run/sshd:/usr/sbin/nologin\n" +
      "nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n";
    const passwd = users
      .map(({ name, uid }) => `${name}:x:${uid}:${uid}::/home/${name}:/bin/bash\n`)
      .join("");
    const group = users.map(({ name, uid }) => `${name}:x:${uid}:\n`).join("");
    writeFileSync(join(this.folder, "passwd"), system + passwd);
    writeFileSync(
      join(this.folder, "group"),
      `root:x:0:\nshadow:x:42:\nnogroup:x:65534:\ntty:x:5:\ncofferdam:x:61100:carol\n${group}`,
    );
    writeFileSync(
      join(this.folder, "shadow"),
      ["root", ...users.map(({ name }) => name)]
        .map((name) => `${name}:*:19000:0:99999:7:::\n`)
        .join(""),
      { mode: GROUP_FILE },
    );
  }

  /** The words that start a command in this host. */
  words(command: readonly string[], user?: TestUser): readonly string[] {
    const as =
      user === undefined
        ? []
        : ["setpriv", "--reuid", user.name, "--regid", user.name, "--init-groups", "--"];
    return ["nsenter", `--mount=/proc/${this.#namespace}/ns/mnt`, "--", ...as, ...command];
  }

  run(
    command: readonly string[],
    user?: TestUser,
    input = "",
    env: Readonly<Record<string, string>> = {},
  ): Ended {
    const [program = "", ...args] = this.words(command, user);
    const { status, stdout, stderr } = spawnSync(program, args, {
      input,
      encoding: "latin1",
      timeout: RUN_MS,
      // A client of the session server passes any other on.
      killSignal: "SIGKILL",
      cwd: "/",
      env: { PATH: process.env.PATH ?? "", ...env },
    });
    return { status, out: stdout, err: stderr };
  }

  spawn(command: readonly string[], user?: TestUser): ChildProcess {
    const [program = "", ...args] = this.words(command, user);
    const child = spawn(program, args, { cwd: "/", stdio: ["pipe", "pipe", "pipe"] });
    this.#children.push(child);
    return child;
  }

  /** The path of a file of the test's that every user may read. */
  file(name: string, text: string, mode = PUBLIC_FILE): string {
    const path = join(this.folder, name);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, text, { mode });
    return path;
  }

  async stop(): Promise<void> {
    const ended = this.#children.map(
      (child) =>
        new Promise((resolve) =>
          (child.exitCode ?? child.signalCode) === null
            ? child.once("close", resolve)
            : resolve(null),
        ),
    );
    for (const child of [...this.#children].reverse()) child.kill("SIGTERM");
    this.#children[0]?.stdin?.end();
    await Promise.all(ended);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/**
 * Until a process has said a word on either output; fails with what it said where it ends before.
 */
export function said(child: ChildProcess, word: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = "";
    const hear = (data: Buffer): void => {
      text += data;
      if (text.includes(word)) resolve();
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    child.once("close", () => reject(new Error(`it ended without \`${word}\`: ${text}`)));
  });
}

/** Whether this process may have one: root, with mount namespaces. */
export function canHaveHost(): boolean {
  if (process.geteuid?.() !== 0) return false;
  try {
    execFileSync("unshare", ["--mount", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
