import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { findCgroup2 } from "../../../src/kernel/probe/caller.ts";
import { HeldTerminal } from "../../support/typist.ts";
import { clone, type EtcHost, type Outcome } from "./etc-host.ts";
import { SystemdHost } from "./systemd-host.ts";

const SYSTEMD = "/usr/lib/systemd/systemd";
const needed = [
  SYSTEMD,
  "/usr/lib/x86_64-linux-gnu/security/pam_systemd.so",
  "/usr/bin/dbus-daemon",
  "/usr/bin/login",
  "/usr/sbin/agetty",
  "/usr/sbin/sshd",
];
/** The host's hierarchy of control groups; null without root, or where none is mounted. */
export const cgroup2 =
  process.getuid?.() === 0 ? findCgroup2(readFileSync("/proc/self/mountinfo", "utf8")) : null;

/** For `sh -euc`, with the group's folder and a command: the command and its children are in it. */
export const enterCgroup = 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"';

/** Where a login's prompt comes, by the unit that brings it. */
export const consoles = {
  "console-getty": "/dev/console",
  "container-getty@": "/dev/pts/0",
  "getty@": "/dev/tty1",
  "serial-getty@": "/dev/ttyS0",
} as const;
export type Console = keyof typeof consoles;

/** Changes Debian's units for a host that is booted in namespaces. */
export const unitsForBoot = `
# Nothing of the clone may be hidden, nothing of the host's changed.
for unit in tmp.mount systemd-tmpfiles-clean.timer ldconfig.service; do
  ln -sf /dev/null "/etc/systemd/system/$unit"
done
# As Debian has it, without waiting for udev to tell of the device.
sed '/^BindsTo=dev-/d' /usr/lib/systemd/system/serial-getty@.service \\
  >/etc/systemd/system/serial-getty@.service
`;

/**
 * What is on the disk before systemd sees it: started are Cofferdam's agent, sshd, gettys, and what
 * systemd cannot do without.
 */
const install = `
rm -rf /etc/systemd/system/*.wants /etc/ssh/sshd_config.d/*
${unitsForBoot}
grep -q pam_systemd /etc/pam.d/common-session ||
  echo 'session optional pam_systemd.so' >>/etc/pam.d/common-session
"$1" agent --write-units /etc/systemd/system >&2
systemctl --quiet --root=/ enable cofferdam-agent.service ssh.service getty@tty1.service \\
  serial-getty@ttyS0.service >&2
`;

/**
 * Becomes process 1's first program: what the host has is read-only but for the disk's own folders;
 * devices are its own, and the host's keys (sysctl) are read-only. Says ready, and starts systemd
 * once it hears that the consoles are there.
 */
const boot = `
[ "$3" = writable ] || mount -o remount,bind,ro /
empty() { mount -t tmpfs -o "mode=$2,size=64m" cofferdam-test "$1"; }
empty /run 0755
mkdir /run/clone /run/dev
mount --bind "$1" /run/clone
empty /tmp 1777
mkdir -p "$1"
mount --bind /run/clone "$1"
umount /run/clone
for folder in /var/lib/systemd /var/tmp /root; do empty "$folder" 0755; done
empty /run/dev 0755
cd /run/dev
mkdir pts shm
for name in null zero full random urandom tty; do
  : >"$name"
  mount --bind "/dev/$name" "$name"
done
: >console >tty0 >tty1 >ttyS0
mount -t devpts -o newinstance,mode=0620,gid=5,ptmxmode=0666 cofferdam-test pts
ln -s pts/ptmx ptmx
ln -s /proc/self/fd fd
mount --move /run/dev /dev
cd /
mount -t proc proc /proc
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
# Of two hierarchies the hidden one would be found.
umount -R /sys
mount -t sysfs -o ro sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
hostname booted
echo ready
read -r _
exec env -i PATH=/usr/sbin:/usr/bin container=cofferdam-test container_ttys=pts/0 \\
  ${SYSTEMD} --unit="$2" --log-target=journal --show-status=0
`;

/** From the start of systemd to its last unit's, milliseconds. */
const BOOT_MS = 180_000;
/** For one command: one may restart every daemon of a host. Milliseconds. */
const COMMAND_MS = 300_000;
/** Of what one command prints: a log of a whole day. */
const OUTPUT_BYTES = 64 * 1024 * 1024;
const LOOK_AGAIN_MS = 50;
const UP: readonly string[] = ["running", "degraded"];
const ENVIRONMENT = ["PATH=/usr/sbin:/usr/bin", "HOME=/root"];

/**
 * Why no systemd can be process 1 here, as the end of "skipped, because ..."; null where it can.
 */
export function bootMissing(): string | null {
  if (process.getuid?.() !== 0) return "it needs root";
  const absent = needed.find((file) => !existsSync(file));
  if (absent !== undefined) return `there is no ${absent}, which set-up installs as root`;
  if (cgroup2 === null) return "no cgroup v2 hierarchy is mounted";
  const { status, stderr } = spawnSync(
    "unshare",
    ["--mount", "--pid", "--fork", "--cgroup", "--net", "true"],
    {
      encoding: "utf8",
    },
  );
  return status === 0 ? null : `namespaces cannot be had: ${stderr.trim()}`;
}

/** Runs a command where the host's files are another's. */
export interface Disk {
  command(words: readonly string[]): readonly string[];
}

/** Puts on the disk what boots. */
export function installOn(disk: EtcHost): void {
  disk.sh(install, join(clone, "bin", "cofferdam"));
}

/**
 * Debian's systemd as process 1 of namespaces of its own, with its units, its logind and its
 * gettys; the disk is another host's, and outlives it.
 */
export class BootedHost extends SystemdHost {
  readonly #child: ChildProcess;
  readonly #init: string;
  readonly #cgroup: string;
  readonly #terminals = new Map<Console, HeldTerminal>();

  private constructor(child: ChildProcess, init: string, cgroup: string) {
    super();
    this.#child = child;
    this.#init = init;
    this.#cgroup = cgroup;
  }

  /**
   * `unit`: as `systemd.unit=` on the kernel's command line. `root`: whether the disk's whole tree
   * may be written, since it is a copy.
   */
  static async boot(
    disk: Disk,
    unit = "default.target",
    root: "read-only" | "writable" = "read-only",
  ): Promise<BootedHost> {
    const cgroup = join(cgroup2 ?? "", `cofferdam-test-booted-${process.pid}`);
    mkdirSync(cgroup);
    const spaces = [
      "--mount",
      "--propagation=private",
      "--pid",
      "--fork",
      "--cgroup",
      "--uts",
      "--ipc",
      "--net",
    ];
    const unshare = ["unshare", ...spaces, "sh", "-euc", boot, "sh", clone, unit, root];
    const [program = "", ...args] = [
      "sh",
      "-euc",
      enterCgroup,
      "sh",
      cgroup,
      ...disk.command(unshare),
    ];
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    await once(child.stdout, "data");
    const init = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim();
    const host = new BootedHost(child, init, cgroup);
    // The container's comes first: its name is a number that systemd is told.
    for (const name of ["container-getty@", "console-getty", "getty@", "serial-getty@"] as const)
      await host.#attach(name);
    child.stdin?.write("go\n");
    await host.until(unit === "rescue.target" ? ["maintenance"] : UP);
    return host;
  }

  async #attach(name: Console): Promise<void> {
    const outside = ["nsenter", `--target=${this.#init}`, "--mount", "--"];
    const [terminal, path] = await HeldTerminal.open((words) => [...outside, ...words]);
    this.#terminals.set(name, terminal);
    if (path !== consoles[name]) this.#must([...outside, "mount", "--bind", path, consoles[name]]);
  }

  /**
   * Until systemd says that the host is in one of these states (systemctl(1), is-system-running).
   */
  async until(states = UP): Promise<void> {
    const deadline = performance.now() + BOOT_MS;
    for (;;) {
      const { out } = this.run("systemctl", "is-system-running");
      if (states.includes(out.trim())) return;
      if (performance.now() > deadline)
        throw new Error(`systemd is ${out}: ${this.run("systemctl", "list-jobs").out}`);
      await pause(LOOK_AGAIN_MS);
    }
  }

  terminal(name: Console): HeldTerminal {
    const found = this.#terminals.get(name);
    if (found === undefined) throw new Error(`no terminal for ${name}`);
    return found;
  }

  /** As root, from outside every session and domain. */
  command(words: readonly string[]): readonly string[] {
    const spaces = ["--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup", "--wd=/"];
    return [
      "nsenter",
      `--target=${this.#init}`,
      ...spaces,
      "--",
      "env",
      "-i",
      ...ENVIRONMENT,
      ...words,
    ];
  }

  /**
   * With the host's files and control groups, but the machine's own network and process ids, also
   * in /proc: only there does the kernel hand out audit records, and let auditing be switched on.
   */
  outside(words: readonly string[]): readonly string[] {
    const spaces = ["--mount", "--uts", "--ipc", "--cgroup", "--wd=/"];
    const own = ["unshare", "--mount", "--propagation=private", "sh", "-euc"];
    const script = 'mount -t proc proc /proc; exec "$@"';
    return ["nsenter", `--target=${this.#init}`, ...spaces, "--", ...own, script, "sh", ...words];
  }

  override run(...words: readonly string[]): Outcome {
    const [program = "", ...args] = this.command(words);
    const { status, stdout, stderr } = spawnSync(program, args, {
      encoding: "utf8",
      timeout: COMMAND_MS,
      maxBuffer: OUTPUT_BYTES,
    });
    return { status, out: stdout, err: stderr };
  }

  cofferdam(...args: readonly string[]): Outcome {
    return this.run(join(clone, "bin", "cofferdam"), ...args);
  }

  #must(words: readonly string[]): void {
    const [program = "", ...args] = words;
    const { status, stderr } = spawnSync(program, args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`${words.join(" ")}: ${stderr}`);
  }

  /** The plug is pulled. */
  async powerOff(): Promise<void> {
    for (const terminal of this.#terminals.values()) terminal.close();
    const ended = once(this.#child, "close");
    writeFileSync(join(this.#cgroup, "cgroup.kill"), "1");
    await ended;
    await removeCgroups(this.#cgroup);
  }
}

/** A group whose processes have been killed is busy until they are gone. */
export async function removeCgroups(folder: string): Promise<void> {
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) await removeCgroups(join(folder, entry.name));
  while (readFileSync(join(folder, "cgroup.events"), "utf8").includes("populated 1"))
    await pause(LOOK_AGAIN_MS);
  rmdirSync(folder);
}
