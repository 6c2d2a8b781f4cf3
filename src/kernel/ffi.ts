/**
 * The only importer of koffi: raw system calls, and the few libc functions that take more than
 * numbers and buffers. Everything here is synchronous and acts on the calling thread. Layouts are
 * in `structs.ts`, numbers in `constants.ts`.
 */
import koffi from "koffi";
import { cString } from "./c-string.ts";
import {
  AT_FDCWD,
  CLOCK_MONOTONIC,
  ENOSYS,
  MAP_SHARED,
  PROT_READ,
  PROT_WRITE,
} from "./constants.ts";
import { ErrnoError } from "./errno-error.ts";
import { openHow, pollfd, timespec } from "./structs.ts";
import { number as syscallNumber } from "./syscalls.ts";

export { cString } from "./c-string.ts";
export { ErrnoError, errnoName, hasCode } from "./errno-error.ts";

/**
 * Integers are passed as 64-bit registers (negative ones sign-extended), buffers and strings as
 * pointers, null as 0.
 */
export type SyscallArgument = number | bigint | Uint8Array | string | null;

interface RawSyscall {
  (nr: number, ...args: SyscallArgument[]): number;
  async(nr: number, ...args: (SyscallArgument | (() => void))[]): void;
}

const libc = koffi.load("libc.so.6");
const rawSyscall: RawSyscall = libc.func(
  "long syscall(long nr, void *a, void *b, void *c, void *d, void *e, void *f)",
);
const rawMmap: (
  a: null,
  length: number,
  prot: number,
  flags: number,
  fd: number,
  offset: bigint,
) => bigint = libc.func(
  "void *mmap(void *addr, size_t length, int prot, int flags, int fd, int64_t offset)",
);
const rawMunmap: (address: bigint, length: number) => number = libc.func(
  "int munmap(void *addr, size_t length)",
);
const rawMemcpy: (to: Uint8Array, from: Uint8Array, length: number) => number | bigint = libc.func(
  "uint64_t memcpy(void *to, void *from, size_t length)",
);

/**
 * Returns the value or the negated error number, so that a hot path needs neither an exception nor
 * a second call.
 */
export function syscallRaw(nr: number, ...args: SyscallArgument[]): number {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = args;
  const result = rawSyscall(nr, a, b, c, d, e, f);
  return result === -1 ? -koffi.errno() : result;
}

/** By name or number; throws {@link ErrnoError} on failure. */
export function syscall(call: string | number, ...args: SyscallArgument[]): number {
  const result = syscallRaw(typeof call === "string" ? numberOf(call) : call, ...args);
  if (result < 0) throw new ErrnoError(String(call), -result);
  return result;
}

function numberOf(name: string): number {
  const nr = syscallNumber(name);
  if (nr === null) throw new ErrnoError(name, ENOSYS);
  return nr;
}

/** Valid only while the caller keeps `bytes`. */
export function addressOf(bytes: Uint8Array): bigint {
  // Touching `.buffer` moves a small typed array out of V8's garbage-collected heap for good.
  if (bytes.buffer.byteLength === 0) return 0n;
  return BigInt(rawMemcpy(bytes, bytes, 0));
}

export function open(path: string, flags: number, mode = 0): number {
  return openat(AT_FDCWD, path, flags, mode);
}

export function openat(dirfd: number, path: string, flags: number, mode = 0): number {
  return named(`open ${path}`, syscallRaw(numberOf("openat"), dirfd, cString(path), flags, mode));
}

export function openat2(
  dirfd: number,
  path: string,
  how: { flags: number; mode?: number; resolve?: number },
): number {
  const bytes = openHow.encode({
    flags: BigInt(how.flags),
    mode: BigInt(how.mode ?? 0),
    resolve: BigInt(how.resolve ?? 0),
  });
  return named(
    `openat2 ${path}`,
    syscallRaw(numberOf("openat2"), dirfd, cString(path), bytes, bytes.length),
  );
}

export function close(fd: number): void {
  named(`close ${fd}`, syscallRaw(numberOf("close"), fd));
}

/** Returns the bytes read, 0 at the end of the file. */
export function read(fd: number, into: Uint8Array): number {
  return named(`read ${fd}`, syscallRaw(numberOf("read"), fd, into, into.length));
}

export function pread(fd: number, into: Uint8Array, offset: bigint): number {
  return named(`pread ${fd}`, syscallRaw(numberOf("pread64"), fd, into, into.length, offset));
}

export function write(fd: number, from: Uint8Array): number {
  return named(`write ${fd}`, syscallRaw(numberOf("write"), fd, from, from.length));
}

export function pwrite(fd: number, from: Uint8Array, offset: bigint): number {
  return named(`pwrite ${fd}`, syscallRaw(numberOf("pwrite64"), fd, from, from.length, offset));
}

/** A buffer is read and written in place. */
export function ioctl(fd: number, request: number, argument: SyscallArgument = null): number {
  return named(
    `ioctl 0x${request.toString(16)}`,
    syscallRaw(numberOf("ioctl"), fd, request, argument),
  );
}

export function prctl(option: number, ...args: SyscallArgument[]): number {
  return named(`prctl ${option}`, syscallRaw(numberOf("prctl"), option, ...args));
}

export function kill(pid: number, signal: number): void {
  named(`kill ${pid}`, syscallRaw(numberOf("kill"), pid, signal));
}

/**
 * `pid` is 0 with WNOHANG if nothing has changed. Not for children that Node started, which Node
 * reaps.
 */
export function waitpid(pid: number, options: number): { pid: number; status: number } {
  const status = new Int32Array(new ArrayBuffer(4));
  const result = syscallRaw(numberOf("wait4"), pid, new Uint8Array(status.buffer), options, 0);
  return { pid: named(`waitpid ${pid}`, result), status: status[0] ?? 0 };
}

export interface PollRequest {
  readonly fd: number;
  readonly events: number;
}

/** The `revents` of each request, in order. `timeout` in milliseconds, -1 for forever. */
export function poll(requests: readonly PollRequest[], timeout: number): number[] {
  const bytes = pollBytes(requests);
  named("poll", syscallRaw(numberOf("poll"), bytes, requests.length, timeout));
  return requests.map((_, index) => bytes.readInt16LE(pollfd.size * index + pollfd.offset.revents));
}

/**
 * Waits on a thread of libuv's pool until one of the descriptors is ready. The event loop goes on.
 */
export function pollReady(requests: readonly PollRequest[]): Promise<void> {
  const bytes = pollBytes(requests);
  // The caller checks its descriptors itself, so a failed wait (EINTR) is only an early wake-up.
  return new Promise((resolve) => {
    // Using the bytes in the callback keeps them alive until the kernel is done with them.
    rawSyscall.async(
      numberOf("poll"),
      bytes,
      requests.length,
      -1,
      0,
      0,
      0,
      () => bytes.length >= 0 && resolve(),
    );
  });
}

function pollBytes(requests: readonly PollRequest[]): Buffer {
  return Buffer.concat(requests.map((request) => pollfd.encode(request)));
}

/** Maps `length` bytes of a file or memfd from `offset` (a multiple of the page size), shared. */
export function mapShared(
  fd: number,
  length: number,
  options: { offset?: bigint; writable?: boolean } = {},
): Mapping {
  const protection = PROT_READ | (options.writable === false ? 0 : PROT_WRITE);
  const address = rawMmap(null, length, protection, MAP_SHARED, fd, options.offset ?? 0n);
  if (address === MAP_FAILED) throw new ErrnoError(`mmap ${fd}`, koffi.errno());
  return {
    bytes: new Uint8Array(koffi.view(address, length)),
    unmap: () => {
      if (rawMunmap(address, length) !== 0) throw new ErrnoError("munmap", koffi.errno());
    },
  };
}

export interface Mapping {
  /** Not a copy. Using it after {@link Mapping.unmap} is a segmentation fault. */
  readonly bytes: Uint8Array;
  unmap(): void;
}

/** CLOCK_MONOTONIC in nanoseconds. */
export function monotonic(): bigint {
  const bytes = timespec.alloc();
  named("clock_gettime", syscallRaw(numberOf("clock_gettime"), CLOCK_MONOTONIC, bytes));
  const time = timespec.decode(bytes);
  return time.tv_sec * 1_000_000_000n + time.tv_nsec;
}

/** For `bpf/`: functions of a shared library other than libc, by C prototype. */
export function loadLibrary(name: string): Library {
  const handle = koffi.load(name);
  return { func: (prototype) => handle.func(prototype) };
}

export interface Library {
  // biome-ignore lint/suspicious/noExplicitAny: the prototype is a string, without a type.
  func(prototype: string): (...args: any[]) => any;
}

/** Of the last call made through {@link loadLibrary}; must be read at once. */
export const errno = (): number => koffi.errno();

const MAP_FAILED = 0xffffffffffffffffn;

function named(call: string, result: number): number {
  if (result < 0) throw new ErrnoError(call, -result);
  return result;
}
