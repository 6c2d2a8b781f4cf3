import { MODE_BITS } from "../../base/modes.ts";
import { AF_UNIX } from "../../kernel/constants.ts";
import { type SyscallArgument, syscallRaw } from "../../kernel/ffi.ts";
import { quick } from "../../kernel/quick.ts";
import { pollfd, statx } from "../../kernel/structs.ts";
import { number } from "../../kernel/syscalls.ts";
import { bytesOfName, nameOfBytes } from "../../model/name-bytes.ts";
import { abi } from "./abi.ts";
import { type Errno, errnoOf } from "./errno.ts";

/**
 * A path or name as the kernel sees it: one character per byte (latin1), so that names that are not
 * UTF-8 survive. `shown()` makes it readable.
 */
export type Bytes = string;

const numbers = new Map<string, number>();

/** Makes a system call on this thread. Returns its value or the negated error number. */
export function sys(
  name: string,
  a: SyscallArgument = 0,
  b: SyscallArgument = 0,
  c: SyscallArgument = 0,
  d: SyscallArgument = 0,
  e: SyscallArgument = 0,
  f: SyscallArgument = 0,
): number {
  let nr = numbers.get(name);
  if (nr === undefined) {
    const found = number(name);
    if (found === null) throw new Error(`no system call \`${name}\` in the table`);
    nr = found;
    numbers.set(name, nr);
  }
  return syscallRaw(nr, a, b, c, d, e, f);
}

/** The bytes of a path with its NUL. A name from a C string contains no NUL. */
export function c(path: Bytes): Buffer {
  return Buffer.from(`${path}\0`, "latin1");
}

/** As policies and events spell it. */
export function shown(path: Bytes): string {
  return nameOfBytes(bytesOf(path));
}

export function spelled(name: string): Bytes {
  return Buffer.from(bytesOfName(name)).toString("latin1");
}

export function bytesOf(path: Bytes): Uint8Array {
  return Buffer.from(path, "latin1");
}

export function close(fd: number): void {
  quick.close(fd);
}

/**
 * The link in /proc that names one of the mediator's own descriptors: following it reaches the same
 * object.
 */
export function self(fd: number): Bytes {
  return `/proc/self/fd/${fd}`;
}

export function openat(dir: number, path: Bytes, flags: number, mode = 0): number {
  return quick.openat(dir, passing(path), flags | abi.O_CLOEXEC, mode);
}

/** O_PATH of the name itself: a symbolic link is not followed. */
export function openPath(dir: number, path: Bytes): number {
  return openat(dir, path, abi.O_PATH | abi.O_NOFOLLOW);
}

/**
 * {@link c} for a call that takes one path and is done with it when it returns. Allocates nothing.
 */
export function passing(path: Bytes): Buffer {
  if (path.length >= passed.length) return c(path);
  passed[passed.write(path, 0, "latin1")] = 0;
  return passed;
}

/**
 * Shared by all calls that only inspect. None of these waits, and results are copied out at once.
 */
const passed = Buffer.alloc(abi.PATH_MAX + 1);
const text = Buffer.alloc(abi.PATH_MAX);
const status = statx.alloc();
const statusWords = new Uint32Array(status.buffer, status.byteOffset, status.length / 4);
const AT = statx.offset;
const EMPTY = c("");
const STATX_FLAGS = abi.AT_EMPTY_PATH | abi.AT_STATX_DONT_SYNC;
const STATX_MASK = abi.STATX_BASIC_STATS | abi.STATX_BTIME | abi.STATX_MNT_ID;

/** The kernel returns no text of PATH_MAX bytes or more. */
export function readlinkat(dir: number, path: Bytes): Bytes | Errno {
  const length = quick.readlinkat(dir, path === "" ? EMPTY : passing(path), text, text.length);
  return length < 0 ? errnoOf(length) : text.toString("latin1", 0, length);
}

export interface Stat {
  readonly type: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  /** Two halves: a 64-bit number would cost more than the call. */
  readonly inode: { readonly low: number; readonly high: number };
  /** Since the epoch; 0 if the file system does not know the time. */
  readonly born: { readonly seconds: number; readonly nanoseconds: number };
  readonly device: number;
  /** The mount id as in mountinfo (STATX_MNT_ID). */
  readonly mount: number;
}

/**
 * statx(2) of a descriptor (struct statx, include/uapi/linux/stat.h), or the error. Never waits for
 * a server.
 */
export function fstat(fd: number): Stat | Errno {
  const failed = quick.statx(fd, EMPTY, STATX_FLAGS, STATX_MASK, status);
  if (failed < 0) return errnoOf(failed);
  const mode = word(AT.stx_mode) & 0xffff;
  const isBornKnown = (word(AT.stx_mask) & abi.STATX_BTIME) !== 0;
  return {
    type: mode & abi.S_IFMT,
    mode: mode & MODE_BITS,
    links: word(AT.stx_nlink),
    uid: word(AT.stx_uid),
    gid: word(AT.stx_gid),
    inode: { low: word(AT.stx_ino), high: word(AT.stx_ino + 4) },
    born: {
      seconds: isBornKnown ? long(AT["stx_btime.tv_sec"]) : 0,
      nanoseconds: isBornKnown ? word(AT["stx_btime.tv_nsec"]) : 0,
    },
    device: joinDevice(word(AT.stx_dev_major), word(AT.stx_dev_minor)),
    mount: long(AT.stx_mnt_id),
  };
}

/** Changes whenever the file's content or attributes do. */
export interface FileVersion {
  readonly inode: { readonly low: number; readonly high: number };
  readonly device: number;
  readonly size: { readonly low: number; readonly high: number };
  /** ctime, since the epoch. */
  readonly changed: { readonly seconds: number; readonly nanoseconds: number };
}

/** Never waits for a server. */
export function versionOf(fd: number): FileVersion | Errno {
  const failed = quick.statx(fd, EMPTY, STATX_FLAGS, STATX_MASK, status);
  if (failed < 0) return errnoOf(failed);
  return {
    inode: { low: word(AT.stx_ino), high: word(AT.stx_ino + 4) },
    device: joinDevice(word(AT.stx_dev_major), word(AT.stx_dev_minor)),
    size: { low: word(AT.stx_size), high: word(AT.stx_size + 4) },
    changed: {
      seconds: long(AT["stx_ctime.tv_sec"]),
      nanoseconds: word(AT["stx_ctime.tv_nsec"]),
    },
  };
}

/** {@link Stat.device}: both numbers have 32 bits. */
export function joinDevice(major: number, minor: number): number {
  return major * 2 ** 32 + minor;
}

export function splitDevice(device: number): readonly [major: number, minor: number] {
  return [Math.floor(device / 2 ** 32), device % 2 ** 32];
}

function word(offset: number): number {
  return statusWords[offset / 4] ?? 0;
}

function long(offset: number): number {
  return word(offset) + (word(offset + 4) | 0) * 2 ** 32;
}

/** The file type (S_IFMT) at a path, or a negated error number. Never waits for a server. */
export function typeAt(dir: number, path: Bytes): number {
  const failed = quick.statx(dir, passing(path), abi.AT_STATX_DONT_SYNC, abi.STATX_TYPE, status);
  return failed < 0 ? failed : status.readUInt16LE(AT.stx_mode) & abi.S_IFMT;
}

export function isDevice({ type }: Stat): boolean {
  return type === abi.S_IFCHR || type === abi.S_IFBLK;
}

export function sameObject(
  a: Pick<Stat, "inode" | "device">,
  b: Pick<Stat, "inode" | "device">,
): boolean {
  return a.inode.low === b.inode.low && a.inode.high === b.inode.high && a.device === b.device;
}

/** Waits for at most `milliseconds` (-1: forever). Returns true when the descriptor is ready. */
export function isReady(fd: number, events: number, milliseconds: number): boolean {
  return sys("poll", pollfd.encode({ fd, events }), 1, milliseconds) > 0;
}

/** pipe2(2) with O_CLOEXEC and `flags`. On failure both ends are a negated error number. */
export function pipe(flags = 0): { readonly read: number; readonly write: number } {
  const ends = Buffer.alloc(2 * FD_BYTES);
  const failed = sys("pipe2", ends, abi.O_CLOEXEC | flags);
  return failed < 0
    ? { read: failed, write: failed }
    : { read: ends.readInt32LE(0), write: ends.readInt32LE(FD_BYTES) };
}

/** Null on failure. */
export function socketPair(type: number): readonly [number, number] | null {
  const ends = Buffer.alloc(2 * FD_BYTES);
  if (sys("socketpair", AF_UNIX, type, 0, ends) < 0) return null;
  return [ends.readInt32LE(0), ends.readInt32LE(FD_BYTES)];
}

/** sizeof(int). */
const FD_BYTES = 4;
