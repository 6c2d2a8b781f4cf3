import { expect, test } from "vitest";
import * as constants from "../../src/kernel/constants.ts";
import * as ffi from "../../src/kernel/ffi.ts";
import { seccompNotif, sockaddrUn } from "../../src/kernel/structs.ts";

test("a failed call throws its name, its number and what was tried", () => {
  const error = expect(() => ffi.open("/nonexistent", constants.O_RDONLY));
  error.toThrow(
    expect.objectContaining({ code: "ENOENT", errno: constants.ENOENT, call: "open /nonexistent" }),
  );
  expect(ffi.syscallRaw(3, -1)).toBe(-constants.EBADF);
});

test("openat2 refuses a symbolic link when asked to", () => {
  expect(() =>
    ffi.openat2(constants.AT_FDCWD, "/proc/self/status", {
      flags: 0,
      resolve: constants.RESOLVE_NO_SYMLINKS,
    }),
  ).toThrow(expect.objectContaining({ code: "ELOOP" }));
});

test("a shared mapping of a memfd and the memfd itself show what was written to the other", () => {
  const fd = ffi.syscall("memfd_create", ffi.cString("test"), constants.MFD_CLOEXEC);
  ffi.syscall("ftruncate", fd, 4096);
  const mapping = ffi.mapShared(fd, 4096);
  ffi.pwrite(fd, Buffer.from("there"), 7n);
  expect(Buffer.from(mapping.bytes.subarray(7, 12)).toString()).toBe("there");
  mapping.bytes[100] = 42;
  const byte = Buffer.alloc(1);
  expect(ffi.pread(fd, byte, 100n)).toBe(1);
  expect(byte[0]).toBe(42);
  mapping.unmap();
  ffi.close(fd);
});

test("poll tells a readable pipe from an empty one", () => {
  const ends = Buffer.from(new ArrayBuffer(8));
  ffi.syscall("pipe2", ends, constants.O_CLOEXEC);
  const [out, into] = [ends.readInt32LE(0), ends.readInt32LE(4)];
  expect(ffi.poll([{ fd: out, events: constants.POLLIN }], 0)).toEqual([0]);
  ffi.write(into, Buffer.from("x"));
  expect(ffi.poll([{ fd: out, events: constants.POLLIN }], 0)).toEqual([constants.POLLIN]);
  ffi.close(into);
  ffi.close(out);
});

test("a path with a NUL byte in it names another file, and is refused", () => {
  expect(() => ffi.open("/etc/passwd\0.txt", 0)).toThrow(TypeError);
});

test("a struct is read as it was written; bytes that do not fit are refused", () => {
  const bytes = seccompNotif.encode({ id: 2n ** 63n, pid: 7, "data.nr": -1, "data.args[5]": 5n });
  expect(seccompNotif.decode(bytes)).toMatchObject({
    id: 2n ** 63n,
    pid: 7,
    flags: 0,
    "data.nr": -1,
    "data.args[5]": 5n,
  });
  expect(() => sockaddrUn.encode({ sun_path: new Uint8Array(109) })).toThrow(RangeError);
  expect(() => seccompNotif.decode(bytes.subarray(0, 79))).toThrow(RangeError);
});

test("an address given to the kernel is where the bytes are", () => {
  const bytes = Buffer.from(new ArrayBuffer(16));
  const fd = ffi.open("/proc/self/mem", constants.O_RDONLY);
  bytes.write("marker");
  const copy = Buffer.alloc(6);
  ffi.pread(fd, copy, ffi.addressOf(bytes));
  expect(copy.toString()).toBe("marker");
  ffi.close(fd);
});
