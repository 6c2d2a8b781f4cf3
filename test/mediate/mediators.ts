import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { MEDIATOR_SOCKET } from "../../src/mediate/shared/place.ts";
import { IN_MEMORY, scratchFolder } from "../support/scratch.ts";

const START_MS = 60_000;

/**
 * A new folder in memory: a disk that keeps a mediator waiting for some milliseconds has it
 * retired, and then it is not the one that a test means.
 */
export function folderInMemory(): string {
  return scratchFolder("tree", { above: IN_MEMORY });
}

export function spawnMediator(program: string, socket: string): ChildProcess {
  return spawn(process.execPath, [program, "shared", socket], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { PATH: "/usr/bin:/bin" },
  });
}

/** Starts a shared mediator, and waits until its socket is there. */
export async function startMediator(program: string, socket: string): Promise<void> {
  spawnMediator(program, socket);
  await socketThere(socket);
}

export async function socketThere(socket: string): Promise<void> {
  const options = { timeout: START_MS, message: `a mediator makes ${socket}` };
  await expect.poll(() => existsSync(socket), options).toBe(true);
}

/** Process ids of the shared mediators of a socket: active, retired, and stand-bys. */
export function mediatorsOf(socket: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      const [, , mode, place] = wordsOf(name);
      return (mode === "shared" || mode === "stand-by") && (place || MEDIATOR_SOCKET) === socket;
    })
    .map(Number);
}

/**
 * The living ones of {@link mediatorsOf} the default socket in these mounts: active, retired, and
 * stand-bys.
 */
export function mediatorsIn(mounts: string): number[] {
  const living = mediatorsOf(MEDIATOR_SOCKET).filter((pid) => stateOf(pid) !== "Z");
  return living.filter((pid) => mountsOf(pid) === mounts);
}

/** Mediators that one run in these mounts has for itself. */
export function ownMediatorsIn(mounts: string): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const own = pids.filter((name) => wordsOf(name)[2] === "own").map(Number);
  return own.filter((pid) => mountsOf(pid) === mounts);
}

/** What identifies the mounts that a process sees; null once it has ended. */
export function mountsOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch {
    return null;
  }
}

/** Ends all processes of a program that the test has built. */
export function endAll(program: string): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name)))
    if (wordsOf(pid)[0] === program) kill(Number(pid));
}

/** The one that its lock names. */
export function activeOf(socket: string): number {
  return Number(readFileSync(socket.replace(/\.sock$/, ".lock"), "utf8"));
}

/** The stand-by of the active one; null while it has none. */
export function standByOf(socket: string): number | null {
  const active = activeOf(socket);
  const isChild = (pid: number) => stateOf(pid) !== "Z" && parentOf(pid) === active;
  return mediatorsOf(socket).find(isChild) ?? null;
}

/** Those that live, but are neither the active one nor its stand-by. */
export function retiredOf(socket: string): number[] {
  const others = [activeOf(socket), standByOf(socket)];
  return mediatorsOf(socket).filter((pid) => stateOf(pid) !== "Z" && !others.includes(pid));
}

/**
 * Waits until the active one's stand-by has the listener of every domain that the active one has,
 * and rests, so that it has decoded their plans. Returns its process id.
 */
export async function standByKnowsAll(socket: string): Promise<number> {
  const knows = () => {
    const pid = standByOf(socket);
    if (pid === null || stateOf(pid) !== "S") return null;
    return listenersOf(pid) === listenersOf(activeOf(socket)) ? pid : null;
  };
  await expect.poll(knows, { message: "a stand-by that knows all domains" }).not.toBeNull();
  return knows() ?? (await standByKnowsAll(socket));
}

function listenersOf(pid: number): number {
  try {
    const folder = `/proc/${pid}/fd`;
    const links = readdirSync(folder).map((fd) => readlinkSync(`${folder}/${fd}`));
    return links.filter((link) => link === "anon_inode:seccomp notify").length;
  } catch {
    // The process, or one of its descriptors, is gone meanwhile.
    return -1;
  }
}

/** Ends all of them, also those that are started meanwhile. */
export async function endMediators(socket: string): Promise<void> {
  for (let clean = 0; clean < 3; ) {
    const found = mediatorsOf(socket).filter((pid) => stateOf(pid) !== "Z");
    clean = found.length === 0 ? clean + 1 : 0;
    for (const pid of found) kill(pid);
    await sleep(10);
  }
}

/** As proc_pid_stat(5) has it; "Z" for one that is gone. */
export function stateOf(pid: number): string {
  return statOf(pid)[0] ?? "Z";
}

/**
 * Nice values of a process within its session, and of the session among others (sched(7)); null
 * for the second where this kernel does not schedule sessions.
 */
export function precedenceOf(pid: number): { own: number; session: number | null } {
  const own = Number(statOf(pid)[16]);
  try {
    const text = readFileSync(`/proc/${pid}/autogroup`, "latin1");
    return { own, session: Number(/ nice (-?\d+)$/m.exec(text)?.[1]) };
  } catch {
    return { own, session: null };
  }
}

function parentOf(pid: number): number {
  return Number(statOf(pid)[1]);
}

/** What stands behind the name. */
function statOf(pid: number): string[] {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, "latin1");
    return line.slice(line.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}

function wordsOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0");
  } catch {
    return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
