import { errno, loadLibrary } from "./ffi.ts";
import { number as syscallNumber } from "./syscalls.ts";

const libc = loadLibrary("libc.so.6");
const rawClose: (fd: number) => number = libc.func("int close(int fd)");
const rawIoctl: (fd: number, request: number, argument: Uint8Array) => number = libc.func(
  "int ioctl(int fd, unsigned long request, void *argument)",
);
const rawPread: (fd: number, into: Uint8Array, length: number, offset: number) => number =
  libc.func("long pread(int fd, void *into, size_t length, int64_t offset)");
const rawOpenat: (fd: number, path: Uint8Array, flags: number, mode: number) => number = libc.func(
  "int openat(int fd, const void *path, int flags, unsigned int mode)",
);
const rawSyscall4: (
  number: number,
  fd: number,
  path: Uint8Array,
  structure: Uint8Array,
  length: number,
) => number = libc.func(
  "long syscall(long number, int fd, const void *path, void *structure, size_t length)",
);
const OPENAT2 = syscallNumber("openat2") ?? 0;
const rawReadlinkat: (fd: number, path: Uint8Array, into: Uint8Array, length: number) => number =
  libc.func("long readlinkat(int fd, const void *path, void *into, size_t length)");
const rawStatx: (
  fd: number,
  path: Uint8Array,
  flags: number,
  mask: number,
  into: Uint8Array,
) => number = libc.func(
  "int statx(int fd, const void *path, int flags, unsigned int mask, void *into)",
);
const rawCapget: (header: Uint8Array, sets: Uint8Array) => number = libc.func(
  "int capget(void *header, void *sets)",
);
const rawEpollWait: (
  fd: number,
  into: Uint8Array | Uint32Array,
  most: number,
  timeout: number,
) => number = libc.func("int epoll_wait(int fd, void *into, int most, int timeout)");
const rawCapset: (header: Uint8Array, sets: Uint8Array) => number = libc.func(
  "int capset(void *header, void *sets)",
);
const rawSetId: (number: number, id: number) => number = libc.func(
  "long syscall(long number, unsigned int id)",
);
const rawSend: (fd: number, bytes: Uint8Array, length: number, flags: number) => number = libc.func(
  "long send(int fd, const void *bytes, size_t length, int flags)",
);
const rawRecv: (fd: number, into: Uint8Array, length: number, flags: number) => number = libc.func(
  "long recv(int fd, void *into, size_t length, int flags)",
);
const rawPidfdOpen: (number: number, pid: number, flags: number) => number = libc.func(
  "long syscall(long number, int pid, unsigned int flags)",
);
const PIDFD_OPEN = syscallNumber("pidfd_open") ?? 0;
const SETFSUID = syscallNumber("setfsuid") ?? 0;
const SETFSGID = syscallNumber("setfsgid") ?? 0;
type SocketOption = (
  fd: number,
  level: number,
  name: number,
  value: Uint8Array,
  length: number,
) => number;
const rawSetsockopt: SocketOption = libc.func(
  "int setsockopt(int fd, int level, int name, const void *value, unsigned int length)",
);
const rawGetsockopt = libc.func(
  "int getsockopt(int fd, int level, int name, void *value, void *length)",
) as (fd: number, level: number, name: number, value: Uint8Array, length: Uint8Array) => number;
const rawProcessVmReadv = libc.func(
  "long process_vm_readv(int pid, void *here, unsigned long n, void *there, unsigned long m," +
    " unsigned long flags)",
) as MemoryTransfer;
const rawProcessVmWritev = libc.func(
  "long process_vm_writev(int pid, void *here, unsigned long n, void *there, unsigned long m," +
    " unsigned long flags)",
) as MemoryTransfer;

type MemoryTransfer = (
  pid: number,
  here: Uint8Array,
  hereCount: number,
  there: Uint8Array,
  thereCount: number,
  flags: number,
) => number;

/**
 * The system calls that a mediator makes for every notified call. Like `syscallRaw`, with arguments
 * of known types, which saves a quarter to a half of the time outside the kernel. Paths are bytes
 * with their NUL.
 */
export const quick = {
  close: (fd: number): number => known(rawClose(fd)),
  ioctl: (fd: number, request: number, argument: Uint8Array): number =>
    known(rawIoctl(fd, request, argument)),
  pread: (fd: number, into: Uint8Array, length: number, offset: number): number =>
    known(rawPread(fd, into, length, offset)),
  openat: (fd: number, path: Uint8Array, flags: number, mode: number): number =>
    known(rawOpenat(fd, path, flags, mode)),
  /** openat2(2); `how` is a struct open_how. */
  openat2: (fd: number, path: Uint8Array, how: Uint8Array): number =>
    known(rawSyscall4(OPENAT2, fd, path, how, how.length)),
  readlinkat: (fd: number, path: Uint8Array, into: Uint8Array, length: number): number =>
    known(rawReadlinkat(fd, path, into, length)),
  statx: (fd: number, path: Uint8Array, flags: number, mask: number, into: Uint8Array): number =>
    known(rawStatx(fd, path, flags, mask, into)),
  /** process_vm_readv(2) of one stretch: `here` and `there` are one struct iovec each. */
  processVmReadv: (tid: number, here: Uint8Array, there: Uint8Array): number =>
    known(rawProcessVmReadv(tid, here, 1, there, 1, 0)),
  processVmWritev: (tid: number, here: Uint8Array, there: Uint8Array): number =>
    known(rawProcessVmWritev(tid, here, 1, there, 1, 0)),
  pidfdOpen: (pid: number, flags: number): number => known(rawPidfdOpen(PIDFD_OPEN, pid, flags)),
  send: (fd: number, bytes: Uint8Array, flags: number): number =>
    known(rawSend(fd, bytes, bytes.length, flags)),
  recv: (fd: number, into: Uint8Array, flags: number): number =>
    known(rawRecv(fd, into, into.length, flags)),
  capget: (header: Uint8Array, sets: Uint8Array): number => known(rawCapget(header, sets)),
  /** `length`: a socklen_t, read and written. */
  getsockopt: (
    fd: number,
    level: number,
    name: number,
    value: Uint8Array,
    length: Uint8Array,
  ): number => known(rawGetsockopt(fd, level, name, value, length)),
  setsockopt: (fd: number, level: number, name: number, value: Uint8Array): number =>
    known(rawSetsockopt(fd, level, name, value, value.length)),
  capset: (header: Uint8Array, sets: Uint8Array): number => known(rawCapset(header, sets)),
  /** Returns the previous id, whether or not it worked. */
  setfsuid: (id: number): number => rawSetId(SETFSUID, id),
  setfsgid: (id: number): number => rawSetId(SETFSGID, id),
  epollWait: (fd: number, into: Uint8Array | Uint32Array, most: number, timeout: number): number =>
    known(rawEpollWait(fd, into, most, timeout)),
} as const;

function known(result: number): number {
  return result === -1 ? -errno() : result;
}
