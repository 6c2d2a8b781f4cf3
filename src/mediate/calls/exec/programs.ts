import { readFileSync } from "node:fs";
import { Permission } from "../../../model/permission.ts";
import { PROGRAMS_MAX } from "../../domain/limits.ts";
import { abi } from "../../sys/abi.ts";
import { type Bytes, close, fstat, openat, type Stat, shown } from "../../sys/sys.ts";
import { kinOf } from "../../target/kin.ts";
import { inSameDomain } from "../../target/same-domain.ts";
import { canonical } from "../../walk/place.ts";
import type { Call } from "../call.ts";
import { everyProcess } from "../processes/named-processes.ts";

/** The file that a process executes. */
export interface Executable {
  readonly stat: Stat;
  /** An error number where it has none any more. */
  readonly name: Bytes | number;
}

/**
 * Of the thread that asks; its process's first thread may have ended, and answers nothing then.
 * null for one that is gone.
 */
export function executableOf(call: Call): Executable | null {
  return look(call.target.entry("exe", abi.O_PATH));
}

export function executableOfProcess(pid: number): Executable | null {
  return look(openat(abi.AT_FDCWD, `/proc/${pid}/exe`, abi.O_PATH));
}

function look(fd: number): Executable | null {
  if (fd < 0) return null;
  const [stat, name] = [fstat(fd), canonical(fd)];
  close(fd);
  return typeof stat === "number" ? null : { stat, name };
}

export function spellExecutable({ name }: Executable): string {
  return typeof name === "number" ? "a removed file" : shown(name);
}

/**
 * Programs that the domain's processes may be found executing: those that were judged, and those
 * that ran already when judging began. Never forgotten: a daemon's program may be replaced by an
 * update, or lose its grant, while its workers run on.
 */
export class Programs {
  readonly #known = new Set<string>();

  add(stat: Stat): void {
    if (this.#known.size < PROGRAMS_MAX) this.#known.add(keyOf(stat));
  }

  /** The policy's own word counts too: another mediator may have judged it. */
  has(call: Call, { stat, name }: Executable): boolean {
    if (this.#known.has(keyOf(stat))) return true;
    const needed = Permission.execute | Permission.read;
    return typeof name === "string" && (call.broker.grants.of(name) & needed) === needed;
  }

  /** What runs in the caller's domain now. */
  takeStock(call: Call): void {
    for (const pid of [call.target.credentials.tgid, ...processesOfDomain(call)]) {
      const found = executableOfProcess(pid);
      if (found !== null) this.add(found.stat);
    }
  }
}

/** The number of an inode is given again once the file is gone; the moment of its birth is not. */
function keyOf({ device, inode, born }: Stat): string {
  return `${device} ${inode} ${born}`;
}

/**
 * One read where the run has a control group; else whoever is under more filters than the mediator
 * is looked at.
 */
function processesOfDomain(call: Call): readonly number[] {
  const { cgroup } = call.broker.plan;
  const where = call.broker.domainOf(call.target.credentials.tgid);
  if (cgroup !== null && typeof where !== "string" && where.run !== null) {
    const listed = listOf(`${cgroup.anchor}/${where.run}/cgroup.procs`);
    if (listed !== null) return listed;
  }
  const filters = kinOf(process.pid)?.filters ?? 0;
  return everyProcess().filter(
    (pid) => (kinOf(pid)?.filters ?? 0) > filters && inSameDomain(call, pid),
  );
}

function listOf(path: string): readonly number[] | null {
  try {
    return readFileSync(path, "latin1")
      .split("\n")
      .filter((line) => line !== "")
      .map(Number);
  } catch {
    // The group is gone: so are its processes, but for whoever asks.
    return null;
  }
}
