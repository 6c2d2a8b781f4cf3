import * as fs from "node:fs";
import * as path from "node:path";
import { scratchFolder } from "../../support/scratch.ts";
import { bootFor, type Disk } from "../machine.ts";
import { Tree } from "../tree.ts";
import { type MachineOutcome, type Work, writeWork } from "../work.ts";
import { debianImage } from "./image.ts";

const UNIT = "vm-work.service";

/** On a busy host the machine's processors are slow, and its clock is not. */
const patient = `[Manager]
DefaultTimeoutStartSec=20min
DefaultTimeoutStopSec=20min
DefaultDeviceTimeoutSec=20min
`;

/** On the console, so that a person who waits sees what the server does. */
const told = `[Journal]
ForwardToConsole=yes
MaxLevelConsole=info
`;

export interface Boot {
  /** By root, in a unit of systemd's. Then the server switches off. */
  readonly work: Work;
  /** More words of the kernel's command line. */
  readonly kernel?: string;
  /** As a `Machine` has it. */
  readonly limitMs?: number;
}

export interface Server {
  /** Debian's packages of its image; by default those of `image.ts`. */
  readonly packages?: readonly string[] | undefined;
  /** Puts files onto the disk before the first boot, as root's. */
  readonly fill: (files: Tree) => void;
  readonly boots: readonly Boot[];
}

/**
 * A Debian server in a virtual machine, with systemd as process 1: boots it once for each piece of
 * work, always on the same disk, which nothing else has.
 * @throws Error with the console if a boot hands nothing over
 */
export async function runServer(server: Server): Promise<readonly MachineOutcome[]> {
  const scratch = scratchFolder("debian");
  try {
    let disk: Disk = { file: debianImage(server.packages), format: "raw" };
    const outcomes: MachineOutcome[] = [];
    for (const [boot, { work, ...more }] of server.boots.entries()) {
      const folder = path.join(scratch, String(boot));
      const added = new Tree(path.join(folder, "added"), []);
      if (boot === 0) fillFirst(added, server);
      writeWork(added, work);
      const overlay = path.join(folder, "disk.qcow2");
      outcomes.push(await bootFor(work, folder, { disk, overlay, added, ...more }));
      disk = { file: overlay, format: "qcow2" };
    }
    return outcomes;
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

function fillFirst(files: Tree, { fill }: Server): void {
  const wanted = "etc/systemd/system/multi-user.target.wants";
  files.copy(path.join(import.meta.dirname, UNIT), `etc/systemd/system/${UNIT}`);
  files.write("etc/systemd/system.conf.d/patient.conf", patient);
  files.write("etc/systemd/journald.conf.d/console.conf", told);
  files.directory(wanted);
  fs.symlinkSync(`../${UNIT}`, path.join(files.folder, wanted, UNIT));
  fill(files);
}
