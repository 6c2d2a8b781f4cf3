import { closeSync, openSync, readSync } from "node:fs";
import { sys } from "../sys/sys.ts";

/** Bytes of /proc/TID/stat and schedstat that are read. */
const TEXT_BYTES = 512;
const NANOSECONDS = 1e6;
const text = Buffer.alloc(TEXT_BYTES);

/** The first thread of the parent process, seen from outside. */
export class WatchedThread {
  /** Readable when the process has ended; negative where it has already. */
  readonly pidfd: number;
  readonly pid: number;
  readonly #stat: number | null;
  readonly #schedstat: number | null;

  constructor(pid: number) {
    this.pid = pid;
    const pidfd = sys("pidfd_open", pid, 0);
    this.#stat = openOrNull(`/proc/${pid}/task/${pid}/stat`);
    this.#schedstat = openOrNull(`/proc/${pid}/task/${pid}/schedstat`);
    // It is the parent still, so all of this is its own and not that of a later process.
    const isParent = process.ppid === pid;
    if (!isParent && pidfd >= 0) closeSync(pidfd);
    this.pidfd = isParent ? pidfd : -1;
  }

  /** It waits for something in the kernel, and not for a processor (proc_pid_stat(5)). */
  isBlocked(): boolean {
    const line = read(this.#stat);
    const state = line[line.lastIndexOf(")") + 2];
    return state === "S" || state === "D";
  }

  /** Milliseconds that it has had a processor; 0 where this kernel does not count. */
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

/** Empty for a thread that is gone. */
function read(fd: number | null): string {
  if (fd === null) return "";
  try {
    return text.toString("latin1", 0, readSync(fd, text, 0, text.length, 0));
  } catch {
    return "";
  }
}
