import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { unlessGone } from "../../src/kernel/unless-gone.ts";
import { cgroup2, enterCgroup, removeCgroups } from "../host/shell-sandbox/booted-host.ts";
import type { Outcome } from "../host/shell-sandbox/etc-host.ts";
import { scratchFolder } from "../support/scratch.ts";

/**
 * This host's own tree as the root of a mount namespace, with what is written kept in memory: a
 * Debian with its database of packages, in which packages come and go. No systemd and no network
 * is there, control groups are its own. What a developer's host has of Cofferdam is not there.
 */
const mounts = `
mount -t tmpfs -o mode=0755,size=4g cofferdam-test "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" cofferdam-test "$1/root"
cd "$1/root"
for folder in proc sys dev; do mount --rbind "/$folder" "$folder"; done
# Of two hierarchies the hidden one would be found.
umount -R sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=0755,size=64m cofferdam-test run
mkdir -p mnt/host srv/packages
mount --bind "$2" srv/packages
[ -z "$3" ] || mount --bind "$3" var/cache/apt/archives
pivot_root . mnt/host
umount -l /mnt/host
cd /
rm -rf /etc/cofferdam /var/lib/cofferdam /var/log/cofferdam /var/spool/cofferdam
rm -f /usr/sbin/policy-rc.d
echo ready
exec sleep infinity
`;

const spaces = ["--mount", "--propagation=private", "--cgroup", "--net"];

/** dpkg without what other packages want to do about it. */
export const DPKG: readonly string[] = ["dpkg", "--no-triggers", "--force-unsafe-io"];

/** For one command, milliseconds. */
const COMMAND_MS = 300_000;

/** Why none can be had here, as the end of "skipped, because ..."; null where it can. */
export function rootMissing(): string | null {
  if (process.getuid?.() !== 0) return "it needs root";
  if (cgroup2 === null) return "no cgroup v2 hierarchy is mounted";
  const overlay = `mount -t tmpfs cofferdam-test /mnt && mkdir /mnt/u /mnt/w &&
    exec mount -t overlay -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w cofferdam-test /media`;
  const { status, stderr } = spawnSync("unshare", [...spaces, "sh", "-c", overlay], {
    encoding: "utf8",
  });
  return status === 0 ? null : `no overlay of the host's tree can be mounted: ${stderr.trim()}`;
}

export class ScratchRoot {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #cgroup: string;

  private constructor(child: ChildProcess, folder: string, cgroup: string) {
    this.#child = child;
    this.#folder = folder;
    this.#cgroup = cgroup;
  }

  /**
   * `packages`: folder of packages, which is /srv/packages there. `archives`: the folder in which
   * apt keeps what it fetches.
   */
  static async start(packages: string, archives = ""): Promise<ScratchRoot> {
    const folder = scratchFolder("root");
    const cgroup = join(cgroup2 ?? "", basename(folder));
    mkdirSync(cgroup);
    const words = [
      "unshare",
      ...spaces,
      "--",
      "sh",
      "-euc",
      mounts,
      "sh",
      folder,
      packages,
      archives,
    ];
    const child = spawn("sh", ["-euc", enterCgroup, "sh", cgroup, ...words], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    return new ScratchRoot(child, folder, cgroup);
  }

  /** With what was started in there and still runs. */
  async stop(): Promise<void> {
    const ended = once(this.#child, "exit");
    writeFileSync(join(this.#cgroup, "cgroup.kill"), "1");
    await ended;
    await removeCgroups(this.#cgroup);
    rmSync(this.#folder, { recursive: true });
  }

  /** In there, in the caller's control group and namespaces but for that of mounts. */
  readonly disk = {
    command: (words: readonly string[]): readonly string[] => [
      ...["nsenter", "--mount", `--target=${this.#child.pid}`, "--wdns=/", "--", ...words],
    ],
  };

  /** As root, in there. */
  command(words: readonly string[]): readonly string[] {
    const environment = ["PATH=/usr/sbin:/usr/bin", "HOME=/root", "LC_ALL=C.UTF-8"];
    const into = ["--mount", "--cgroup", "--net", `--target=${this.#child.pid}`, "--wdns=/", "--"];
    const go = ["sh", "-euc", enterCgroup, "sh", this.#cgroup, "nsenter", ...into];
    return [...go, "env", "-i", ...environment, ...words];
  }

  run(...words: readonly string[]): Outcome {
    const [program = "", ...args] = this.command(words);
    const { status, stdout, stderr } = spawnSync(program, args, {
      encoding: "utf8",
      timeout: COMMAND_MS,
    });
    return { status, out: stdout, err: stderr };
  }

  /** @throws Error when it fails, with what it said */
  sh(script: string, ...args: readonly string[]): string {
    const { status, out, err } = this.run("sh", "-euc", script, "sh", ...args);
    if (status !== 0) throw new Error(`${script}: ${out}${err}`);
    return out;
  }

  dpkg(...words: readonly string[]): Outcome {
    return this.run(...DPKG, ...words);
  }

  /** Whether a process has this root directory; false for one that is gone. */
  has(pid: number): boolean {
    return rootOf(pid) === rootOf(this.#child.pid ?? 0);
  }

  /** What dpkg believes of a package, e.g. `install ok installed`. */
  state(name = "cofferdam"): string {
    return this.run("dpkg-query", "-W", "-f", "${Status}", name).out;
  }
}

/** The root directory of a process, as device and inode. */
function rootOf(pid: number): string | null {
  const stats = unlessGone(() => statSync(`/proc/${pid}/root/`, { bigint: true }));
  return stats === null ? null : `${stats.dev}:${stats.ino}`;
}
