import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { unlessGone } from "../kernel/unless-gone.ts";

/** Of times below /proc: USER_HZ is 100 on every architecture (time(7)). */
export const CLOCK_TICKS_A_SECOND = 100;

/** What a list of processes needs of `/proc/PID/stat` (proc_pid_stat(5)). */
export interface ProcStat {
  readonly comm: string;
  /** One letter: R, S, D, Z, T, t, I, X. */
  readonly state: string;
  readonly parent: number;
  /** Process group. */
  readonly group: number;
  readonly session: number;
  /** Device number of the controlling terminal, as stat(2) has it; 0 for none. */
  readonly terminal: number;
  /** Process group in the foreground of that terminal; negative for none. */
  readonly foreground: number;
  /** A thread of the kernel's own. */
  readonly kernel: boolean;
  /** CPU time in user and kernel mode, in clock ticks. */
  readonly ticks: number;
  /** Start in clock ticks since boot: with the process id it names a process for good. */
  readonly start: bigint;
}

/** include/linux/sched.h */
const PF_KTHREAD = 0x0020_0000;

/**
 * The name may hold spaces and parentheses; fields count from 1, the third follows the last `)`.
 */
export function parseProcStat(text: string): ProcStat | null {
  const open = text.indexOf("(");
  const close = text.lastIndexOf(")");
  if (open < 0 || close < open) return null;
  const fields = text.slice(close + 2).split(" ");
  const field = (number: number): string => fields[number - 3] ?? "0";
  return {
    comm: text.slice(open + 1, close),
    state: field(3),
    parent: Number(field(4)),
    group: Number(field(5)),
    session: Number(field(6)),
    terminal: Number(field(7)) >>> 0,
    foreground: Number(field(8)),
    kernel: (Number(field(9)) & PF_KTHREAD) !== 0,
    ticks: Number(field(14)) + Number(field(15)),
    start: BigInt(field(22)),
  };
}

/** Null for a process that is gone or hidden. */
export function readProcStat(pid: number): ProcStat | null {
  const text = readProc(`/proc/${pid}/stat`);
  return text === null ? null : parseProcStat(text);
}

/** A file of /proc; null where the process is gone (ENOENT, ESRCH) or hidden (EACCES, EPERM). */
export function readProc(path: string): string | null {
  return unlessGone(() => readFileSync(path, "utf8"));
}

/** Bytes of a process's arguments that are shown: a process may make them megabytes long. */
const WORDS_BYTES_MAX = 4_096;

/**
 * The words that a process was started with, or what it has written over them, as
 * `/proc/PID/cmdline` has them; the first {@link WORDS_BYTES_MAX} bytes. Null as for {@link
 * readProc}.
 */
export function readWords(pid: number): string | null {
  return unlessGone(() => {
    const file = openSync(`/proc/${pid}/cmdline`, "r");
    try {
      const bytes = Buffer.alloc(WORDS_BYTES_MAX + 1);
      let length = 0;
      for (let got = -1; got !== 0 && length < bytes.length; length += got)
        got = readSync(file, bytes, length, bytes.length - length, null);
      const text = bytes.toString("utf8", 0, Math.min(length, WORDS_BYTES_MAX));
      return length > WORDS_BYTES_MAX ? `${text}…` : text;
    } finally {
      closeSync(file);
    }
  });
}
