import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { buildSealedFilter } from "../../../src/compile/seccomp/sealed-filter.ts";
import { number } from "../../../src/kernel/syscalls.ts";
import type { SealedContext } from "../../../src/kernel/system-calls/sealed-context.ts";
import { scratchFolder } from "../../support/scratch.ts";
import { permissive, strict } from "../seccomp/contexts.ts";

const EPERM = 1;
const EBADF = 9;
const EACCES = 13;
const EFAULT = 14;
const ENOTTY = 25;
const ENOSYS = 38;
/** Harmless where it gets through. */
const SIGCONT = 18;

let folder: string;
let program: string;

beforeAll(() => {
  folder = scratchFolder("filter");
  program = join(folder, "under-filter");
  execFileSync("cc", [
    "-O1",
    "-Wall",
    "-Werror",
    "-o",
    program,
    join(import.meta.dirname, "under-filter.c"),
  ]);
});

type Line = readonly [
  call: string | number,
  args: readonly (number | bigint | "@")[],
  errno: number,
];

/** Without a listener, so that what would be asked or refused shows as its errno. */
function answers(context: SealedContext, lines: readonly Line[]): number[] {
  const file = join(folder, "filter");
  writeFileSync(file, buildSealedFilter({ ...context, listener: false }));
  const input = lines.map(([call, args]) => {
    if (typeof call === "string" && call.startsWith("i386")) return call;
    return [typeof call === "number" ? call : number(call), ...args].join(" ");
  });
  const { stdout, stderr, status } = spawnSync(program, [file], {
    input: `${input.join("\n")}\n`,
    encoding: "utf8",
  });
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  return stdout.trim().split("\n").slice(1).map(Number);
}

function check(context: SealedContext, lines: readonly Line[]): void {
  const found = answers(context, lines).map((errno, index) => [
    ...(lines[index] ?? []).slice(0, 2),
    errno,
  ]);
  expect(found).toEqual(lines.map(([call, args, errno]) => [call, args, errno]));
}

const HIGH = 0xdeadbeef00000000n;

test("the kernel takes the filter and answers as the interpreter does", () => {
  check(permissive, [
    ["getppid", [], 0],
    ["ioctl", [0, 0x5412n + 0x100000000n, "@"], EPERM],
    ["ioctl", [0, 0x541c, "@"], EPERM],
    ["ioctl", [0, 0x5401, "@"], ENOTTY],
    ["ioctl", [0, 0x40086602n | HIGH, "@"], EPERM],
    ["clone3", ["@", 88], ENOSYS],
    ["io_uring_setup", [1, "@"], ENOSYS],
    ["unshare", [0x20000], EPERM],
    ["unshare", [0], 0],
    ["personality", [0xffffffff], 0],
    ["personality", [0x40000], EPERM],
    ["mount", [0, 0, 0, 0, 0], EPERM],
    ["open_by_handle_at", [-1, 0, 0].map((each) => BigInt.asUintN(64, BigInt(each))), EPERM],
    ["memfd_create", ["@", 0], EPERM],
    ["memfd_create", ["@", 8n | HIGH], 0],
    ["execveat", [0, "@", 0, 0, 0x1000], EPERM],
    ["socket", [2, 1, 262], EPERM],
    ["socket", [2, 1, 132], EPERM],
    ["socket", [43, 1, 0], EPERM],
    ["socket", [2n | HIGH, 1n | HIGH, HIGH], 0],
    ["sendto", [999, "@", 1, 0x20000000, 0, 0], EPERM],
    ["sendto", [999, "@", 1, 0, 0, 0], EBADF],
    ["sendmsg", [999, "@", 0x20000000], EPERM],
    ["sendmmsg", [999, "@", 1, 0x20000000], EPERM],
    ["chmod", ["@", 0o777], EPERM],
    ["fchown", [0, 0, 0], EPERM],
    ["prlimit64", [1, 7, 0, 0], EPERM],
    ["prlimit64", [HIGH, 7, 0, 0], 0],
    ["mknod", ["@", 0o020666, 0], EPERM],
    ["open", ["@", 0o100, 0o4755], EPERM],
    ["clone", [0x8000, 0, 0, 0, 0], EPERM],
    ["renameat2", [999, "@", 999, "@", 4], EPERM],
    ["seccomp", [1, 8, 0], EPERM],
    ["seccomp", [1, 0, 0], EFAULT],
    ["landlock_restrict_self", [999, 0], EPERM],
    ["setsockopt", [999, 0, 4, 0, 0], EPERM],
    ["setsockopt", [999, 1, 4, 0, 0], EBADF],
    ["bind", [999, 0, 0], EPERM],
    ["connect", [999, 0, 0], EBADF],
    ["file_setattr", [0, 0, 0, 0, 0], EPERM],
    [0x40000000 | 39, [], ENOSYS],
    ["i386 20", [], ENOSYS],
    [4000, [], ENOSYS],
    [467 + 50, [], ENOSYS],
  ]);
});

test("where nothing is granted and Landlock is old, the kernel refuses more", () => {
  check(strict, [
    ["socket", [1, 1, 0], EPERM],
    ["socket", [2, 1, 0], EPERM],
    ["open", ["@", 0o1000], EACCES],
    ["openat", [0, "@", 0o100], EPERM],
    ["openat2", [0, "@", "@", 24], ENOSYS],
    ["truncate", ["@", 0], EPERM],
    ["shmget", [0, 4096, 0o1600], EPERM],
    ["kill", [1, SIGCONT], EPERM],
    ["tgkill", [1, 1, SIGCONT], EPERM],
    ["fcntl", [0, 8, 1], EPERM],
    ["setpriority", [2, 0, 0], EPERM],
  ]);
});

test("a call that is not listed fails, one that is denied too", () => {
  const listed = new Set(["read", "getppid", "fstat", "getpid"]);
  check({ ...permissive, listed, denied: new Set(["getpid"]) }, [
    ["getppid", [], 0],
    ["getpid", [], EPERM],
    ["getuid", [], EPERM],
    ["madvise", [0, 0, 0], EPERM],
  ]);
});
