import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

export const clone = join(import.meta.dirname, "..", "..", "..");
export const KEY = "/UserVars/ShellSandboxEnabled";
export const SSHD_DROP_IN = "/etc/ssh/sshd_config.d/00-cofferdam-shell.conf";

/**
 * A mount namespace with an /etc, a home folder and places of Cofferdam of its own. /etc is a copy of this host's in a file system of its own; sshd's configuration is that of
 * the package, and its key is made here.
 */
const mounts = `
empty() { mkdir -p "$1"; mount -t tmpfs -o mode=0755 cofferdam-test "$1"; }
empty /run
empty /run/etc
cp -a /etc/. /run/etc/
mount --move /run/etc /etc
for folder in /home /var/lib/cofferdam /var/log/cofferdam /var/spool/cofferdam; do empty "$folder"; done
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

  async stop(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }

  /** As root, in there. */
  command(words: readonly string[]): readonly string[] {
    return ["nsenter", "--mount", `--target=${this.#child.pid}`, "--wd=/", "--", ...words];
  }

  run(...words: readonly string[]): Outcome {
    const [program = "", ...args] = this.command(words);
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
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

  /** Everything in /etc and in Cofferdam's state, with its content: to see that nothing has changed. */
  fingerprint(): string {
    return this.sh(
      "find /etc /var/lib/cofferdam -type f -exec md5sum {} + -o -type l -printf '%p %l\\n' -o -printf '%p\\n' | sort",
    );
  }
}
