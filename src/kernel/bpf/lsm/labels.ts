import { readdirSync } from "node:fs";
import { ENOENT, ESRCH, PIDFD_THREAD } from "../../constants.ts";
import { hasCode } from "../../errno-error.ts";
import { close, syscall } from "../../ffi.ts";
import { libbpf } from "../libbpf.ts";
import { withFd, word } from "../maps.ts";
import { check } from "../object.ts";
import {
  arrivalLayout,
  type LastingMap,
  type Launched,
  labelLayout,
  lastingMaps,
  launchedStates,
} from "./layout.ts";
import { generations, openPins } from "./pins.ts";

/** Passes over the processes that are adopted; each new one was forked during the pass before. */
const ADOPTING_PASSES_MAX = 64;

export interface Label {
  readonly domain: number;
  readonly launched: Launched;
}

/**
 * Which domain each task is in, and is about to enter: the maps whose layout is for good, so that
 * every version of Cofferdam reads them, whichever version's programs are attached.
 */
export class TaskLabels {
  readonly #maps: ReadonlyMap<LastingMap, number>;

  private constructor(maps: ReadonlyMap<LastingMap, number>) {
    this.#maps = maps;
  }

  /** null if no programs are attached there. */
  static open(folder: string): TaskLabels | null {
    return generations(folder).length === 0 ? null : TaskLabels.openMaps(folder);
  }

  /** The same whether or not programs are attached that use the maps. */
  static openMaps(folder: string): TaskLabels | null {
    const maps = openPins(folder, lastingMaps);
    return maps === null ? null : new TaskLabels(maps);
  }

  [Symbol.dispose](): void {
    for (const fd of this.#maps.values()) close(fd);
  }

  /** 0 for a process in no domain; of a process that has ended, null. */
  domainOf(process: number): number | null {
    return this.labelOf(process)?.domain ?? null;
  }

  /** Domain 0 for a process in none; of a process that has ended, null. */
  labelOf(process: number): Label | null {
    const label = Buffer.alloc(labelLayout.bytes);
    const result = withTask(process, (pidfd) =>
      libbpf().lookupElement(this.#fd("labels"), word(pidfd), label),
    );
    if (result === null || result === -ESRCH) return null;
    if (result === -ENOENT) return { domain: 0, launched: "not" };
    check("read a process's domain", result);
    const launched = launchedStates[label.readUInt32LE(labelLayout.launched)] ?? "not";
    return { domain: label.readUInt32LE(labelLayout.domain), launched };
  }

  /** The domains that threads of the host are in. */
  occupied(): ReadonlySet<number> {
    const domains = processesNow()
      .flatMap(threadsOf)
      .map((thread) => this.domainOf(thread) ?? 0);
    return new Set(domains.filter((domain) => domain !== 0));
  }

  /**
   * The next execve of this one thread, which is in no domain, leads into the domain; none of its
   * children's does. `isStill`: whether the number is still that of the thread that was meant.
   * False if it has ended.
   */
  announce(thread: number, { domain, launched }: Label, isStill: () => boolean): boolean {
    const arrival = Buffer.alloc(arrivalLayout.bytes);
    arrival.writeUInt32LE(domain, arrivalLayout.domain);
    arrival.writeUInt32LE(launchedStates.indexOf(launched), arrivalLayout.launched);
    const result = withTask(thread, (pidfd) =>
      isStill() ? libbpf().updateElement(this.#fd("arrivals"), word(pidfd), arrival, 0) : -ESRCH,
    );
    if (hasEnded(result)) return false;
    check(`lead thread ${thread} into domain ${domain}`, result);
    return true;
  }

  /**
   * Puts running processes with all their threads into the domain. `processes` is asked again until
   * it names no new one: what those in the domain fork is in it already.
   */
  adopt(domain: number, processes: () => Iterable<number>): readonly number[] {
    const adopted = new Set<number>();
    for (let pass = 0; pass < ADOPTING_PASSES_MAX; pass++) {
      let found = false;
      for (const process of processes()) {
        for (const thread of threadsOf(process)) {
          if (adopted.has(thread) || !this.#assign(thread, domain)) continue;
          adopted.add(thread);
          found = true;
        }
      }
      if (!found) return [...adopted];
    }
    throw new Error(`processes fork faster than they are adopted into domain ${domain}`);
  }

  /**
   * Of a process of Cofferdam's, which no domain may end; one that is in a domain stays there. It
   * must not be about to execute anything: the mark takes the place of what an execve has noted.
   */
  markOwn(process: number): void {
    const before = this.labelOf(process);
    if (before === null || before.domain !== 0 || before.launched === "own") return;
    const label = Buffer.alloc(labelLayout.bytes);
    label.writeUInt32LE(launchedStates.indexOf("own"), labelLayout.launched);
    this.#write(process, label, `mark process ${process}`);
  }

  #assign(thread: number, domain: number): boolean {
    const label = Buffer.alloc(labelLayout.bytes);
    label.writeUInt32LE(domain, labelLayout.domain);
    return this.#write(thread, label, `put thread ${thread} into domain ${domain}`);
  }

  /** False if the thread has ended. */
  #write(thread: number, label: Uint8Array, step: string): boolean {
    const result = withTask(thread, (pidfd) =>
      libbpf().updateElement(this.#fd("labels"), word(pidfd), label, 0),
    );
    if (hasEnded(result)) return false;
    check(step, result);
    return true;
  }

  #fd(map: LastingMap): number {
    return this.#maps.get(map) as number;
  }
}

/**
 * Of a write to a task's storage by its pidfd: there is none that a pidfd could be opened for, or
 * it went meanwhile (ENOENT, bpf_pid_task_storage_update_elem() in bpf_task_storage.c).
 */
const hasEnded = (result: number | null): boolean =>
  result === null || result === -ESRCH || result === -ENOENT;

/** null if the thread has ended. */
function withTask<T>(thread: number, work: (pidfd: number) => T): T | null {
  let pidfd: number;
  try {
    pidfd = syscall("pidfd_open", thread, PIDFD_THREAD);
  } catch (error) {
    if (hasCode(error, "ESRCH", "EINVAL")) return null;
    throw error;
  }
  return withFd(pidfd, work);
}

function processesNow(): readonly number[] {
  return readdirSync("/proc").map(Number).filter(Number.isInteger);
}

function threadsOf(process: number): readonly number[] {
  try {
    return readdirSync(`/proc/${process}/task`).map(Number);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ESRCH")) return [];
    throw error;
  }
}
