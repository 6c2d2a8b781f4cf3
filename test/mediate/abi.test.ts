import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { abi, E, POLLHUP, POLLIN, POLLOUT, POLLPRI } from "../../src/mediate/abi.ts";

const headers = `#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <linux/limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#ifndef AT_STATX_DONT_SYNC
#define AT_STATX_DONT_SYNC 0x4000
#endif
#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL
#endif
#define LINUX_CAPABILITY_VERSION_3 _LINUX_CAPABILITY_VERSION_3
#undef O_LARGEFILE
`;

test("every constant is what the C headers say", () => {
  const directory = mkdtempSync(join(tmpdir(), "cofferdam-abi-"));
  try {
    const errors = Object.fromEntries(Object.entries(E).map(([name, value]) => [`E${name}`, value]));
    const ours: Record<string, number> = { ...abi, ...errors, POLLHUP, POLLIN, POLLOUT, POLLPRI };
    const lines = Object.keys(ours).map((name) => `printf("%s %lld\\n", "${name}", (long long)(${name}));`);
    writeFileSync(join(directory, "abi.c"), `${headers}int main(void) {\n${lines.join("\n")}\n}\n`);
    execFileSync("gcc", ["-o", join(directory, "abi"), join(directory, "abi.c")]);
    const text = execFileSync(join(directory, "abi"), { encoding: "utf8" });
    const theirs = Object.fromEntries(
      text
        .trim()
        .split("\n")
        .map((line) => [line.split(" ")[0], Number(line.split(" ")[1])]),
    );
    expect(ours).toEqual(theirs);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
