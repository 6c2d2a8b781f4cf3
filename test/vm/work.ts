import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { clone } from "./kernel.ts";
import { busybox, type Tree } from "./tree.ts";

/** One step, in seconds of the machine; a step that hangs costs no other its outcome. */
const STEP_SECONDS = 2400;

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
  /** The journal of a machine with systemd. */
  readonly journal: string;
}

/** The steps, and the shell that does them: `guest/work.sh`, as /vm/work.sh. */
export function writeWork(tree: Tree, work: Work): void {
  tree.copy(busybox(), "vm/busybox");
  tree.copy(path.join(clone, "test/vm/guest/work.sh"), "vm/work.sh");
  tree.write("vm/settings", `STEP_SECONDS=${STEP_SECONDS}\nCLONE=${clone}\n`);
  for (const { script, place } of stepsOf(work)) tree.write(`vm/work/${place}`, script);
}

/**
 * Every step with its name as the tests know it, and its place in the machine, where the names'
 * order is the order of work.
 */
function stepsOf(work: Work): readonly { name: string; place: string; script: string }[] {
  const numbered = (index: number, name: string) => `${String(index).padStart(3, "0")}-${name}`;
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

/**
 * @param archive what the machine handed over
 * @param folder is made, for what is in the archive
 * @throws Error with the console if the machine handed nothing over
 */
export function readResults(
  work: Work,
  archive: string,
  folder: string,
  console: string,
): MachineOutcome {
  if (fs.statSync(archive).size === 0)
    throw new Error(`the virtual machine handed nothing over:\n${console}`);
  fs.mkdirSync(folder);
  execFileSync("tar", ["-xf", archive, "-C", folder]);
  const text = (name: string): string => {
    const file = path.join(folder, name);
    return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
  };
  const steps = stepsOf(work).map(({ name, place }): [string, StepOutcome] => {
    const status = text(path.join(place, "status")).trim();
    const output = text(path.join(place, "output"));
    return [name, { output, status: status === "" ? null : Number(status) }];
  });
  return { steps: new Map(steps), console, journal: text("journal") };
}
