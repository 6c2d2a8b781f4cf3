import { type SyscallArgument, syscallRaw } from "../kernel/ffi.ts";
import { number } from "../kernel/syscalls.ts";
import { bytesOfName, nameOfBytes } from "../model/name-bytes.ts";
import { abi } from "./abi.ts";

/**
 * A path or name as the kernel sees it: one character a byte (latin1), so that names that are no UTF-8 survive.
 * `shown()` makes it readable.
 */
export type Bytes = string;

const numbers = new Map<string, number>();

/** A system call on this thread by name: its value, or the negated error number. */
export function sys(name: string, ...args: SyscallArgument[]): number {
  let nr = numbers.get(name);
  if (nr === undefined) {
    const found = number(name);
    if (found === null) throw new Error(`no system call \`${name}\` in the table`);
    nr = found;
    numbers.set(name, nr);
  }
  return syscallRaw(nr, ...args);
}

/** The bytes of a path with its NUL. A name with a NUL inside cannot come from a C string. */
export function c(path: Bytes): Buffer {
  return Buffer.from(`${path}\0`, "latin1");
}

/** As a policy and an event spell it. */
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
  sys("close", fd);
}

/** The link in /proc that stands for one of the mediator's own descriptors: following it reaches the very object. */
export function self(fd: number): Bytes {
  return `/proc/self/fd/${fd}`;
}

/** openat(2) with O_CLOEXEC. */
export function openat(dir: number, path: Bytes, flags: number, mode = 0): number {
  return sys("openat", dir, c(path), flags | abi.O_CLOEXEC, mode);
}

/** An O_PATH descriptor of the name itself: a symbolic link is not followed. */
export function openPath(dir: number, path: Bytes): number {
  return openat(dir, path, abi.O_PATH | abi.O_NOFOLLOW);
}

/** readlinkat(2): the text, or the negated error. Grows until it fits. */
export function readlinkat(dir: number, path: Bytes): Bytes | number {
  const buffer = Buffer.alloc(abi.PATH_MAX);
  const length = sys("readlinkat", dir, c(path), buffer, buffer.length);
  if (length < 0) return length;
  return buffer.toString("latin1", 0, length);
}

export interface Stat {
  readonly type: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  readonly inode: bigint;
  readonly device: string;
  readonly mount: bigint;
}

/** statx(2) of a descriptor (struct statx, include/uapi/linux/stat.h), or the negated error. Never waits for a server. */
export function fstat(fd: number): Stat | number {
  const b = Buffer.alloc(256);
  const failed = sys(
    "statx",
    fd,
    c(""),
    abi.AT_EMPTY_PATH | abi.AT_STATX_DONT_SYNC,
    abi.STATX_BASIC_STATS | abi.STATX_MNT_ID,
    b,
  );
  if (failed < 0) return failed;
  const mode = b.readUInt16LE(28);
  return {
    type: mode & abi.S_IFMT,
    mode: mode & 0o7777,
    links: b.readUInt32LE(16),
    uid: b.readUInt32LE(20),
    gid: b.readUInt32LE(24),
    inode: b.readBigUInt64LE(32),
    device: `${b.readUInt32LE(136)}:${b.readUInt32LE(140)}`,
    mount: b.readBigUInt64LE(144),
  };
}

export function sameObject(a: Stat, b: Stat): boolean {
  return a.inode === b.inode && a.device === b.device;
}
