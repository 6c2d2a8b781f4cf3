import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { MEDIATOR_SOCKET } from "../../src/mediate/shared/place.ts";

/**
 * A new folder in memory: a disk that keeps a mediator waiting for some milliseconds has it
 * retired, and then it is not the one that a test means.
 */
export function folderInMemory(): string {
  return mkdtempSync("/dev/shm/cofferdam-tree-");
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

/** Ends all of them, also those that are started meanwhile. */
export async function endMediators(socket: string): Promise<void> {
  for (let clean = 0; clean < 3; ) {
    const found = mediatorsOf(socket).filter((pid) => stateOf(pid) !== "Z");
    clean = found.length === 0 ? clean + 1 : 0;
    for (const pid of found) kill(pid);
    await new Promise((resolve) => setTimeout(resolve, 10));
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
