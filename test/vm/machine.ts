import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { PUBLIC_PROGRAM, TEMPORARY_FOLDER } from "../../src/base/modes.ts";
import { scratchFolder } from "../support/scratch.ts";
import { clone, driverFiles, haveKernel, kernelFile } from "./kernel.ts";
import { busybox, Tree, withSbin } from "./tree.ts";
import { type MachineOutcome, readResults, type Work, writeWork } from "./work.ts";

/** Memory and disk of the machine, in megabytes. */
const MEMORY_MB = 3072;
const DISK_MB = 1200;

/**
 * The machine's processors, as QEMU's options. By the host's clock there are as many as CI has,
 * each a thread of the host's; `one`, where nothing races, takes a seventh less of the host. Where
 * the machine's clock counts instructions, one nanosecond each, there is one; what it measures is
 * then the same at every run, whatever else the host does.
 */
const processors = {
  host: { accel: "tcg,thread=multi", smp: "2" },
  one: { accel: "tcg,thread=single", smp: "1" },
  instructions: { accel: "tcg,thread=single", smp: "1", icount: "shift=0,sleep=off" },
} as const;

export type Processors = keyof typeof processors;

/**
 * The emulator does wide registers piece by piece, and walks five levels of page tables where a
 * processor has them: on one that has neither, everything takes a fifth less.
 */
const PROCESSOR = "Nehalem";

/**
 * A whole boot of a test's, in milliseconds: far beyond what it takes, for a machine that emulates
 * is slow when others work beside it.
 */
export const MACHINE_TIMEOUT_MS = 2_700_000;

/**
 * An emulated machine lasts longer than all that runs beside it, so it comes first (nice(1)): then
 * no other test file waits for it at the end. Only root may do that.
 */
const FIRST = process.geteuid?.() === 0 ? ["nice", "--adjustment=-5"] : [];

/** Boots of one machine, where QEMU aborts. */
const ATTEMPTS_MAX = 3;

const guest = path.join(clone, "test/vm/guest");

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
export async function runInVm(
  work: Work,
  fill: (tree: Tree) => void,
  on: Processors = "host",
): Promise<MachineOutcome> {
  const scratch = scratchFolder("vm");
  try {
    const disk = path.join(scratch, "disk.img");
    const root = new Tree(path.join(scratch, "root"));
    fillSystem(root);
    writeWork(root, work);
    fill(root);
    root.image(disk, DISK_MB);
    return await bootFor(work, scratch, { disk: { file: disk, format: "raw" }, on });
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

/** Folders to mount on, and process 1, which does the work. */
function fillSystem(root: Tree): void {
  for (const name of ["proc", "sys", "dev", "run", "root", "home", "etc", "var/log", "mnt"])
    root.directory(name);
  for (const name of ["tmp", "var/tmp"]) root.directory(name, TEMPORARY_FOLDER);
  for (const name of ["/etc/passwd", "/etc/group", "/etc/ld.so.cache"]) root.copy(name);
  root.write("vm/init", fs.readFileSync(path.join(guest, "init.sh")), PUBLIC_PROGRAM);
}

/** `file`'s format is one of QEMU's. */
export interface Disk {
  readonly file: string;
  readonly format: "raw" | "qcow2";
}

export interface Machine {
  /** Its /vm/init ends in /vm/work.sh. It is only read. */
  readonly disk: Disk;
  /** A file for what the machine writes, over the disk; without one that is thrown away. */
  readonly overlay?: string;
  /** A tree that is copied onto the disk before anything there runs. */
  readonly added?: Tree;
  readonly on?: Processors;
  /** More words of the kernel's command line. */
  readonly kernel?: string;
  /** When it is ended, with all that it has seen; by default after {@link MACHINE_TIMEOUT_MS}. */
  readonly limitMs?: number;
}

/**
 * Boots a machine, and reads what it handed over.
 * @param scratch a new folder for its files
 * @throws Error with the console when the machine does not come to its end
 */
export async function bootFor(
  work: Work,
  scratch: string,
  machine: Machine,
): Promise<MachineOutcome> {
  const results = path.join(scratch, "results.tar");
  const console = path.join(scratch, "console");
  const said = await boot(machine, packInitramfs(scratch, machine.added), { results, console });
  return readResults(work, results, path.join(scratch, "out"), said);
}

/** Files that QEMU writes. Who waits for the machine reads its console meanwhile. */
interface Told {
  readonly results: string;
  readonly console: string;
}

/** The kernel's first file system: the driver of the disk, and the script that goes on there. */
function packInitramfs(scratch: string, added?: Tree): string {
  const folder = path.join(scratch, "initramfs");
  for (const name of ["bin", "dev", "root"])
    fs.mkdirSync(path.join(folder, name), { recursive: true });
  fs.copyFileSync(busybox(), path.join(folder, "bin/busybox"));
  fs.copyFileSync(path.join(guest, "initramfs.sh"), path.join(folder, "init"));
  fs.chmodSync(path.join(folder, "init"), PUBLIC_PROGRAM);
  if (added !== undefined) fs.renameSync(added.folder, path.join(folder, "added"));
  const script = `packed=$1 folder=$2 number=10
    shift 2
    mkdir "$folder/drivers"
    for driver; do
      unpack=cat
      case $driver in *.xz) unpack="xz -dc" ;; esac
      $unpack "$driver" > "$folder/drivers/$number.ko"
      number=$((number + 1))
    done
    cd "$folder" && find . | cpio --quiet -o -H newc > "$packed"`;
  const packed = path.join(scratch, "initramfs.cpio");
  execFileSync("sh", ["-ec", script, "sh", packed, folder, ...driverFiles()]);
  return packed;
}

/**
 * Boots it, anew if the emulator itself aborts: QEMU's threads race at the start of a machine
 * (`iotlb_to_section: Assertion ... failed` was seen once in some hundred boots). A kernel that
 * panics ends QEMU with a status, and is never booted again.
 */
async function boot(machine: Machine, initramfs: string, told: Told): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const { signal, status, text } = await emulate(machine, initramfs, told);
    if (status === 0) return text;
    const said = `the virtual machine ended with ${signal ?? `status ${status}`}:\n${text}`;
    if (signal !== "SIGABRT" || attempt === ATTEMPTS_MAX) throw new Error(said);
    console.error(`${said}\nQEMU aborted; booting again`);
  }
}

/** As QEMU's -drive has it. Another attempt begins with the same disk: the overlay is made anew. */
function driveOf({ disk: { file, format }, overlay }: Machine): string {
  if (overlay === undefined) return `file=${file},format=${format},snapshot=on`;
  const backing = ["-b", file, "-F", format];
  execFileSync("qemu-img", ["create", "-q", "-f", "qcow2", ...backing, overlay]);
  return `file=${overlay},format=qcow2`;
}

interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The console, and what QEMU said. */
  readonly text: string;
}

async function emulate(machine: Machine, initramfs: string, told: Told): Promise<Ended> {
  const options = {
    ...processors[machine.on ?? "host"],
    cpu: PROCESSOR,
    m: String(MEMORY_MB),
    kernel: kernelFile("boot", /^vmlinuz-/),
    initrd: initramfs,
    // What protects from an attack on the processor is a sixth of the emulator's work, and no test
    // here is such an attack. The kernel counts interrupts against a clock at its start, and panics
    // where the emulator gets too little of a busy processor.
    append: `console=ttyS0 quiet panic=1 mitigations=off no_timer_check ${machine.kernel ?? ""}`,
    drive: `${driveOf(machine)},if=virtio,cache=unsafe`,
    chardev: `file,id=results,path=${told.results}`,
    serial: `file:${told.console}`,
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`-${name}`, value]);
  const port = ["-device", "virtio-serial", "-device", "virtserialport,chardev=results"];
  const modes = ["-nodefaults", "-nographic", "-no-reboot"];
  const [program = "", ...words] = [...FIRST, "qemu-system-x86_64", ...args, ...port, ...modes];
  const emulator = spawn(program, words, { stdio: ["ignore", "ignore", "pipe"] });
  let complaints = "";
  emulator.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString()));
  const limitMs = machine.limitMs ?? MACHINE_TIMEOUT_MS;
  const timer = setTimeout(() => emulator.kill("SIGKILL"), limitMs);
  try {
    const [status, signal] = await once(emulator, "close");
    // QEMU makes none if it refuses an option.
    const text = fs.existsSync(told.console) ? fs.readFileSync(told.console, "utf8") : "";
    return { status, signal, text: `${text}${complaints}` };
  } finally {
    clearTimeout(timer);
  }
}
