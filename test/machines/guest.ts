import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { PUBLIC_PROGRAM } from "../../src/base/modes.ts";
import type { PrivateHost } from "../system/private-host.ts";
import { clone, kernelFile } from "../vm/kernel.ts";
import { busybox } from "../vm/tree.ts";

export const front = join(clone, "bin/cofferdam");
/** What the guest prints when its shell reads commands. */
export const BANNER = "guest is up";

/** Drivers in the order in which they are loaded. */
const drivers = [
  /\/virtio_blk\.ko(\.xz)?$/,
  /\/failover\.ko(\.xz)?$/,
  /\/net_failover\.ko(\.xz)?$/,
  /\/virtio_net\.ko(\.xz)?$/,
];

const init = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t devtmpfs dev /dev; mount -t proc proc /proc; mount -t sysfs sys /sys
for driver in /drivers/*; do insmod $driver; done
stty -echo < /dev/ttyS0
exec < /dev/ttyS0 > /dev/ttyS0 2>&1
exec setsid cttyhack sh -c '
  echo ${BANNER}
  while read -r line; do eval "$line"; echo "status $?"; done
  poweroff -f'
`;

/**
 * Debian's stock kernel and a first file system with a shell at the serial line: options for QEMU.
 */
export function guestFiles(folder: string): { kernel: string; initrd: string } {
  const tree = join(folder, "initramfs");
  for (const name of ["bin", "dev", "proc", "sys", "drivers"])
    mkdirSync(join(tree, name), { recursive: true });
  copyFileSync(busybox(), join(tree, "bin/busybox"));
  writeFileSync(join(tree, "init"), init);
  chmodSync(join(tree, "init"), PUBLIC_PROGRAM);
  for (const [index, name] of drivers.entries()) {
    const file = kernelFile("usr/lib/modules", name);
    const script = 'case $1 in *.xz) xz -dc "$1" ;; *) cat "$1" ;; esac > "$2"';
    execFileSync("sh", ["-ec", script, "sh", file, join(tree, "drivers", `${index}.ko`)]);
  }
  const initrd = join(folder, "initrd");
  execFileSync("sh", [
    "-ec",
    'cd "$1" && find . | cpio --quiet -o -H newc > "$2"',
    "sh",
    tree,
    initrd,
  ]);
  const kernel = join(folder, "kernel");
  copyFileSync(kernelFile("boot", /^vmlinuz-/), kernel);
  return { kernel, initrd };
}

/** What every machine of these tests has; its serial line is standard input and output. */
export function emulator({
  kernel,
  initrd,
}: {
  kernel: string;
  initrd: string;
}): readonly string[] {
  const fixed =
    "qemu-system-x86_64 -nodefaults -display none -machine pc,accel=tcg -cpu max -m 192 " +
    "-serial stdio -no-reboot";
  return [
    ...fixed.split(" "),
    "-kernel",
    kernel,
    "-initrd",
    initrd,
    "-append",
    "console=ttyS0 quiet panic=1",
  ];
}

/** A running machine, with the serial line of its guest. */
export class Powered {
  readonly process: ChildProcess;
  text = "";
  #waiting: (() => void)[] = [];
  readonly ended: Promise<number | null>;

  /** `command`: all of it, `vm run` included. */
  constructor(command: readonly string[], folder: string) {
    const [program = "", ...args] = command;
    this.process = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], cwd: folder });
    for (const stream of [this.process.stdout, this.process.stderr])
      stream?.on("data", (chunk: Buffer) => {
        this.text += chunk.toString();
        this.#heard();
      });
    this.ended = once(this.process, "close").then(([status]) => {
      this.#heard();
      return status as number | null;
    });
  }

  static run(host: PrivateHost, name: string, args: readonly string[], user = "nobody"): Powered {
    const command = [...host.inside, front, "vm", "run", "--user", user, name, "--", ...args];
    return new Powered(command, host.folder);
  }

  /** Waits for `pattern` in what was printed from `from` on. */
  async until(pattern: RegExp, from = 0): Promise<string> {
    for (;;) {
      const rest = this.text.slice(from);
      if (pattern.test(rest)) return rest;
      if (this.process.exitCode !== null)
        throw new Error(`the machine ended before ${pattern}:\n${this.text}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #heard(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** One line for the guest's shell: what it printed. */
  async ask(line: string): Promise<string> {
    const from = this.text.length;
    this.process.stdin?.write(`${line}\n`);
    return (await this.until(/status \d+\r?\n/, from)).replaceAll("\r", "").trimStart();
  }

  async off(): Promise<number | null> {
    if (this.process.exitCode === null) this.process.kill("SIGTERM");
    return this.ended;
  }
}

/**
 * What a connection gives when something was written to it, until it ends or `pattern` was seen.
 */
export function exchange(
  place: { path: string } | { port: number; host: string },
  text: string,
  pattern: RegExp,
) {
  return new Promise<string>((resolve, reject) => {
    const socket = connect(place, () => socket.write(text));
    let got = "";
    socket.on("data", (chunk) => {
      got += chunk.toString();
      if (pattern.test(got)) socket.destroy();
    });
    socket.once("error", reject);
    socket.once("close", () => resolve(got));
  });
}

/** A daemon of the host. */
export function listening(): Promise<Server> {
  const server = createServer((socket) => socket.end("hello from outside"));
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

export function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}
