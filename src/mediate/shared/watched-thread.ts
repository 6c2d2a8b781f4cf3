import { closeSync, openSync, readSync } from "node:fs";
import { sys } from "../sys/sys.ts";

/** Limit on what is read of /proc/TID/stat and schedstat, bytes. */
const TEXT_BYTES = 512;
const NANOSECONDS = 1e6;
const text = Buffer.alloc(TEXT_BYTES);

/** The main thread of the parent process, watched from outside. */
export class WatchedThread {
  /** Readable once the process has ended; negative if it ended before this was made. */
  readonly pidfd: number;
  readonly pid: number;
  readonly #stat: number | null;
  readonly #schedstat: number | null;

  constructor(pid: number) {
    this.pid = pid;
    const pidfd = sys("pidfd_open", pid, 0);
    this.#stat = openOrNull(`/proc/${pid}/task/${pid}/stat`);
    this.#schedstat = openOrNull(`/proc/${pid}/task/${pid}/schedstat`);
    // The process is still the parent, so the descriptors above are its own and not a later
    // process's.
    const isParent = process.ppid === pid;
    if (!isParent && pidfd >= 0) closeSync(pidfd);
    this.pidfd = isParent ? pidfd : -1;
  }

  /** The thread waits in the kernel for something other than a processor (proc_pid_stat(5)). */
  isBlocked(): boolean {
    const line = read(this.#stat);
    const state = line[line.lastIndexOf(")") + 2];
    return state === "S" || state === "D";
  }

  /** Milliseconds; 0 if the kernel does not count them. */
  ranMs(): number {
    return Number(read(this.#schedstat).split(" ", 1)[0]) / NANOSECONDS;
  }
}

function openOrNull(path: string): number | null {
  try {
    return openSync(path, "r");
  } catch {
    return null;
  }
}

function read(fd: number | null): string {
  if (fd === null) return "";
  try {
    return text.toString("latin1", 0, readSync(fd, text, 0, text.length, 0));
  } catch {
    return "";
  }
}
