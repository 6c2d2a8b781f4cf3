import { readdirSync, readFileSync } from "node:fs";

/** Process ids of the shared mediators of a socket: active, retired, and stand-bys. */
export function mediatorsOf(socket: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      const [, , mode, place] = wordsOf(name);
      return (mode === "shared" || mode === "stand-by") && place === socket;
    })
    .map(Number);
}

/** The one that its lock names. */
export function activeOf(socket: string): number {
  return Number(readFileSync(socket.replace(/\.sock$/, ".lock"), "utf8"));
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
  try {
    const line = readFileSync(`/proc/${pid}/stat`, "latin1");
    return line[line.lastIndexOf(")") + 2] ?? "Z";
  } catch {
    return "Z";
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
