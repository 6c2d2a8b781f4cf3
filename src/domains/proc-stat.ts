import { closeSync, openSync, readFileSync, readlinkSync, readSync } from "node:fs";
import { unlessGone } from "../kernel/unless-gone.ts";

/** USER_HZ, the unit of times below /proc: 100 on every architecture (time(7)). */
export const CLOCK_TICKS_A_SECOND = 100;

export interface ProcStat {
  readonly comm: string;
  /** One letter: R, S, D, Z, T, t, I, X. */
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Device number of the controlling terminal, as in stat(2); 0 for none. */
  readonly terminal: number;
  /** The terminal's foreground process group; negative for none. */
  readonly foreground: number;
  readonly kernel: boolean;
  /** User and kernel mode, clock ticks. */
  readonly ticks: number;
  /** Clock ticks since boot. Together with the process id it identifies a process. */
  readonly start: bigint;
}

/** include/linux/sched.h */
const PF_KTHREAD = 0x0020_0000;

/**
 * The name may contain spaces and parentheses; fields count from 1, the third follows the last `)`.
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

/** null for a process that is gone or hidden. */
export function readProcStat(pid: number): ProcStat | null {
  const text = readProc(`/proc/${pid}/stat`);
  return text === null ? null : parseProcStat(text);
}

/** null if the process is gone (ENOENT, ESRCH) or hidden (EACCES, EPERM). */
export function readProc(path: string): string | null {
  return unlessGone(() => readFileSync(path, "utf8"));
}

/** null as for {@link readProc}. */
export function readProcLink(path: string): string | null {
  return unlessGone(() => readlinkSync(path));
}

/** Also after the file's removal; null as for {@link readProc}. */
export function executableOf(pid: number): string | null {
  return readProcLink(`/proc/${pid}/exe`)?.replace(/ \(deleted\)$/, "") ?? null;
}

/** Bytes of a process's arguments that are read: a process may make them megabytes long. */
const WORDS_BYTES_MAX = 4_096;

/**
 * `/proc/PID/cmdline`: the words of the start, or what the process has written over them; the first
 * {@link WORDS_BYTES_MAX} bytes. null as for {@link readProc}.
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
