import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { type Typed, typing, typist } from "../../support/typist.ts";

export const clone = join(import.meta.dirname, "..", "..", "..");
export const KEY = "/UserVars/ShellSandboxEnabled";
export const SSHD_DROP_IN = "/etc/ssh/sshd_config.d/00-cofferdam-shell.conf";

/**
 * A mount namespace with an /etc, a home folder and places of Cofferdam of its own. /etc is a copy
 * of this host's in a file system of its own; sshd's configuration is that of the package, and its
 * key is made here.
 */
const mounts = `
empty() { mkdir -p "$1"; mount -t tmpfs -o mode=0755,size=64m cofferdam-test "$1"; }
empty /run
empty /run/etc
cp -a /etc/. /run/etc/
mount --move /run/etc /etc
for folder in /home /var/lib/cofferdam /var/log/cofferdam /var/spool/cofferdam; do
  empty "$folder"
done
mkdir -p /run/sshd
rm -rf /etc/ssh/sshd_config.d /etc/ssh/ssh_host_* /etc/cofferdam /etc/systemd/system/*getty*.d
mkdir -p /etc/ssh/sshd_config.d
cp /usr/share/openssh/sshd_config /etc/ssh/sshd_config
cp "$1" /etc/ssh/ssh_host_ed25519_key
chmod 600 /etc/ssh/ssh_host_ed25519_key
: >/etc/default/ssh
echo ready
exec sleep infinity
`;

/** For one command, milliseconds. */
const COMMAND_MS = 60_000;

export interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

export class EtcHost {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** `hostKey`: file with sshd's private key. */
  static async start(hostKey: string): Promise<EtcHost> {
    const args = ["--mount", "--propagation", "private", "--", "sh", "-euc", mounts, "sh", hostKey];
    const child = spawn("unshare", args, { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    return new EtcHost(child);
  }

  /** With all that was started in there. */
  async stop(): Promise<void> {
    this.#kill(() => true);
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }

  /** Ready to be asked. */
  async startAgent(): Promise<void> {
    const [program = "", ...args] = this.command([
      join(clone, "bin", "cofferdam"),
      "agent",
      "--without-kernel-refusals",
    ]);
    spawn(program, args, { stdio: "ignore" }).unref();
    this.sh(
      `until "$1" status | grep -q '^agent .*process'; do sleep 0.05; done`,
      join(clone, "bin", "cofferdam"),
    );
  }

  /** What it has started outlives it, and is ended too. */
  stopAgent(): void {
    this.#kill((words) => words.includes(clone));
    this.sh("rm -rf /run/cofferdam-sessions");
  }

  /** Processes of this namespace, and of no other, by their command line. */
  #kill(isMeant: (words: string) => boolean): void {
    const space = readlinkSync(`/proc/${this.#child.pid}/ns/mnt`);
    for (const pid of readdirSync("/proc").filter(
      (name) => /^\d+$/.test(name) && Number(name) !== this.#child.pid,
    )) {
      try {
        if (readlinkSync(`/proc/${pid}/ns/mnt`) !== space) continue;
        if (isMeant(readFileSync(`/proc/${pid}/cmdline`, "latin1")))
          process.kill(Number(pid), "SIGKILL");
      } catch (error) {
        if (
          !(
            error instanceof Error &&
            "code" in error &&
            ["ENOENT", "ESRCH", "EACCES"].includes(String(error.code))
          )
        )
          throw error;
      }
    }
  }

  /** As root, in there. */
  command(words: readonly string[]): readonly string[] {
    return ["nsenter", "--mount", `--target=${this.#child.pid}`, "--wd=/", "--", ...words];
  }

  run(...words: readonly string[]): Outcome {
    return this.#run(words, "");
  }

  /** At a terminal on which this is typed. */
  type(words: readonly string[], script: Typed): Outcome {
    return this.#run(typist(words), typing(script));
  }

  #run(words: readonly string[], input: string): Outcome {
    const [program = "", ...args] = this.command(words);
    const { status, stdout, stderr } = spawnSync(program, args, {
      input,
      encoding: "utf8",
      timeout: COMMAND_MS,
    });
    return { status, out: stdout, err: stderr };
  }

  sh(script: string, ...args: readonly string[]): string {
    const { status, out, err } = this.run("sh", "-euc", script, "sh", ...args);
    if (status !== 0) throw new Error(`${script}: ${err}`);
    return out;
  }

  cofferdam(...args: readonly string[]): Outcome {
    return this.run(join(clone, "bin", "cofferdam"), ...args);
  }

  set(value: 0 | 1): Outcome {
    return this.cofferdam("settings", "set", KEY, String(value));
  }

  write(path: string, text: string): void {
    this.sh('mkdir -p "$(dirname "$1")"; printf %s "$2" >"$1"', path, text);
  }

  read(path: string): string {
    return this.sh('cat "$1"', path);
  }

  /**
   * Everything in /etc, and what consoles are given, with its content: to see that nothing has
   * changed.
   */
  fingerprint(): string {
    return this.sh(
      "find /etc /var/lib/cofferdam/console -type f -exec md5sum {} + -o -type l -printf " +
        "'%p %l\\n' -o -printf '%p\\n' 2>/dev/null | sort",
    );
  }
}
