import { execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { PUBLIC_PROGRAM, TEMPORARY_FOLDER } from "../../src/base/modes.ts";
import { scratchFolder } from "../support/scratch.ts";
import { clone, haveKernel, kernelFile } from "./kernel.ts";
import { busybox, Tree, withSbin } from "./tree.ts";

/** Memory and disk of the machine, in megabytes. */
const MEMORY_MB = 3072;
const DISK_MB = 1200;
/** Emulated processors: as many as CI has real ones. */
const PROCESSORS = 2;
/** One step, in seconds of the machine; a step that hangs costs no other its outcome. */
const STEP_SECONDS = 1200;
/**
 * The whole run, in milliseconds: far beyond what it takes, for a machine that emulates is slow
 * when others work beside it.
 */
export const MACHINE_TIMEOUT_MS = 1_800_000;

/** Boots of one machine, where QEMU aborts. */
const ATTEMPTS_MAX = 3;

const guest = path.join(import.meta.dirname, "guest");

/**
 * What a step printed, standard error included, and its exit status; null for a step that never
 * ended.
 */
export interface StepOutcome {
  readonly output: string;
  readonly status: number | null;
}

/** Shell scripts by name, run in this order, each whatever became of the one before. */
export type Lane = Readonly<Record<string, string>>;

/**
 * What the machine does: phases by name, one after the other; the lanes of a phase run side by
 * side.
 */
export type Work = Readonly<Record<string, Readonly<Record<string, Lane>>>>;

export interface MachineOutcome {
  /** By `PHASE/LANE/STEP`. */
  readonly steps: ReadonlyMap<string, StepOutcome>;
  /** What the kernel and init printed. */
  readonly console: string;
}

/**
 * Why no virtual machine can be had here, as the end of "skipped, because ..."; null where it can.
 */
export function machineMissing(): string | null {
  for (const program of ["qemu-system-x86_64", "busybox", "cpio", "mke2fs"]) {
    const found = withSbin.PATH.split(":").some((folder) =>
      fs.existsSync(path.join(folder, program)),
    );
    if (!found) return `there is no ${program}, which set-up installs as root`;
  }
  return haveKernel() ? null : "set-up could not fetch the stock kernel";
}

/**
 * Boots Debian's stock kernel in QEMU (emulated: no KVM is needed) on a disk with what `fill` puts
 * there, and does the work.
 * @throws Error with the end of the console when the machine does not come to its end
 */
export async function runInVm(work: Work, fill: (tree: Tree) => void): Promise<MachineOutcome> {
  const scratch = scratchFolder("vm");
  try {
    const disk = path.join(scratch, "disk.img");
    const root = new Tree(path.join(scratch, "root"));
    fillSystem(root, work);
    fill(root);
    root.image(disk, DISK_MB);
    const results = path.join(scratch, "results.tar");
    const consoleText = await boot(disk, packInitramfs(scratch), results);
    return {
      steps: readResults(work, results, path.join(scratch, "out"), consoleText),
      console: consoleText,
    };
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

/** Folders to mount on, the shell that starts the steps, the steps. */
function fillSystem(root: Tree, work: Work): void {
  for (const name of [
    "proc",
    "sys",
    "dev",
    "run",
    "root",
    "home",
    "etc",
    "vm/out",
    "var/log",
    "mnt",
  ])
    root.directory(name);
  for (const name of ["tmp", "var/tmp"]) root.directory(name, TEMPORARY_FOLDER);
  for (const name of ["/etc/passwd", "/etc/group", "/etc/ld.so.cache"]) root.copy(name);
  root.copy(busybox(), "vm/busybox");
  root.write("vm/init", fs.readFileSync(path.join(guest, "init.sh")), PUBLIC_PROGRAM);
  root.write("vm/settings", `STEP_SECONDS=${STEP_SECONDS}\nCLONE=${clone}\n`);
  for (const { script, place } of stepsOf(work)) root.write(`vm/work/${place}`, script);
}

/**
 * Every step with its name as the tests know it, and its place in the machine, where the names'
 * order is the order of work.
 */
function stepsOf(work: Work): readonly { name: string; place: string; script: string }[] {
  const numbered = (index: number, name: string) => `${String(index).padStart(2, "0")}-${name}`;
  return Object.entries(work).flatMap(([phase, lanes], phaseIndex) =>
    Object.entries(lanes).flatMap(([lane, steps]) =>
      Object.entries(steps).map(([step, script], index) => ({
        name: `${phase}/${lane}/${step}`,
        place: `${numbered(phaseIndex, phase)}/${lane}/${numbered(index, step)}`,
        script,
      })),
    ),
  );
}

/** The kernel's first file system: the driver of the disk, and the script that goes on there. */
function packInitramfs(scratch: string): string {
  const folder = path.join(scratch, "initramfs");
  for (const name of ["bin", "dev", "root"])
    fs.mkdirSync(path.join(folder, name), { recursive: true });
  fs.copyFileSync(busybox(), path.join(folder, "bin/busybox"));
  fs.copyFileSync(path.join(guest, "initramfs.sh"), path.join(folder, "init"));
  fs.chmodSync(path.join(folder, "init"), PUBLIC_PROGRAM);
  const driver = kernelFile("usr/lib/modules", /virtio_blk\.ko(\.xz)?$/);
  const script = `case $1 in *.xz) xz -dc "$1" ;; *) cat "$1" ;; esac > "$2/virtio_blk.ko"
    cd "$2" && find . | cpio --quiet -o -H newc > "$3"`;
  const packed = path.join(scratch, "initramfs.cpio");
  execFileSync("sh", ["-ec", script, "sh", driver, folder, packed]);
  return packed;
}

/**
 * Boots it, anew if the emulator itself aborts: QEMU's threads race at the start of a machine
 * (`iotlb_to_section: Assertion ... failed` was seen once in some hundred boots). A kernel that
 * panics ends QEMU with a status, and is never booted again.
 */
async function boot(disk: string, initramfs: string, results: string): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const { signal, status, text } = await emulate(disk, initramfs, results);
    if (status === 0) return text;
    const said = `the virtual machine ended with ${signal ?? `status ${status}`}:\n${text}`;
    if (signal !== "SIGABRT" || attempt === ATTEMPTS_MAX) throw new Error(said);
    console.error(`${said}\nQEMU aborted; booting again`);
  }
}

interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The console, and what QEMU said. */
  readonly text: string;
}

async function emulate(disk: string, initramfs: string, results: string): Promise<Ended> {
  const options = {
    accel: "tcg,thread=multi",
    cpu: "max",
    smp: String(PROCESSORS),
    m: String(MEMORY_MB),
    kernel: kernelFile("boot", /^vmlinuz-/),
    initrd: initramfs,
    // What protects from an attack on the processor is a sixth of the emulator's work, and no test
    // here is such an attack. The kernel counts interrupts against a clock at its start, and panics
    // where the emulator gets too little of a busy processor.
    append: "console=ttyS0 quiet panic=1 mitigations=off no_timer_check",
    // What it writes is thrown away: another boot begins with the same disk.
    drive: `file=${disk},format=raw,if=virtio,cache=unsafe,snapshot=on`,
    chardev: `file,id=results,path=${results}`,
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`-${name}`, value]);
  const port = ["-device", "virtio-serial", "-device", "virtserialport,chardev=results"];
  const machine = spawn(
    "qemu-system-x86_64",
    [...args, ...port, "-nodefaults", "-nographic", "-serial", "stdio", "-no-reboot"],
    {
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let text = "";
  for (const stream of [machine.stdout, machine.stderr])
    stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const timer = setTimeout(() => machine.kill("SIGKILL"), MACHINE_TIMEOUT_MS);
  try {
    return await new Promise((resolve, reject) => {
      machine.once("error", reject);
      machine.once("close", (status, signal) => resolve({ status, signal, text }));
    });
  } finally {
    clearTimeout(timer);
  }
}

function readResults(
  work: Work,
  archive: string,
  folder: string,
  said: string,
): ReadonlyMap<string, StepOutcome> {
  if (fs.statSync(archive).size === 0)
    throw new Error(`the virtual machine handed nothing over:\n${said}`);
  fs.mkdirSync(folder);
  execFileSync("tar", ["-xf", archive, "-C", folder]);
  const text = (file: string) => (fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "");
  return new Map(
    stepsOf(work).map(({ name, place }) => {
      const status = text(path.join(folder, place, "status")).trim();
      const output = text(path.join(folder, place, "output"));
      return [name, { output, status: status === "" ? null : Number(status) }];
    }),
  );
}
