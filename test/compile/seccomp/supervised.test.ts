import { expect, test } from "vitest";
import {
  buildSupervisedFilter,
  type SupervisedContext,
} from "../../../src/compile/seccomp/supervised-filter.ts";
import { all, number } from "../../../src/kernel/syscalls.ts";
import { systemCalls } from "../../../src/kernel/system-calls/table.ts";
import { noWords } from "../../../src/kinds/model.ts";
import { run } from "./interpreter.ts";
import { spell, X86_64 } from "./judge.ts";

const everything: SupervisedContext = {
  listed: new Set(all()),
  denied: new Set(),
  words: { ...noWords, ipc: new Set(["shm"]), memory: new Set(["memfd"]) },
  destinationsHeld: false,
};
const nothing: SupervisedContext = {
  listed: new Set(),
  denied: new Set(),
  words: noWords,
  destinationsHeld: false,
};

function ask(
  context: SupervisedContext,
  call: string | number,
  args: readonly bigint[] = [],
  arch = X86_64,
): string {
  const nr = typeof call === "number" ? call : (number(call) ?? -1);
  return spell(
    run(buildSupervisedFilter(context), {
      nr,
      arch,
      args: [...args, 0n, 0n, 0n, 0n, 0n, 0n].slice(0, 6),
    }),
  );
}

test("a call outside the list is notified, but for those that every process needs", () => {
  // mremap with an old size of 0 asks for a word.
  const registers = [0n, 4096n];
  const silent = systemCalls
    .filter(({ name }) => ask(nothing, name, registers) === "allow")
    .map(({ name }) => name);
  expect(silent.sort()).toEqual(
    systemCalls
      .filter((call) => call.class === "untouchable" || call.name === "mmap")
      .map(({ name }) => name)
      .sort(),
  );
});

test("of mmap only files that become code are asked about, listed or not", () => {
  const [read, execute, shared, privately, anonymous] = [1n, 4n, 1n, 2n, 0x20n];
  const mapped = (context: SupervisedContext, protection: bigint, flags: bigint) =>
    ask(context, "mmap", [0n, 4096n, protection, flags, 3n]);
  for (const context of [everything, nothing]) {
    expect(mapped(context, read | execute, privately)).toBe("notify");
    expect(mapped(context, execute, shared)).toBe("notify");
    expect(mapped(context, read, privately)).toBe("allow");
    expect(mapped(context, read | execute, privately | anonymous)).toBe("allow");
  }
});

test("nothing is decided: every answer is a notification or none", () => {
  for (const context of [everything, nothing]) {
    for (const name of all()) expect(["allow", "notify"], name).toContain(ask(context, name));
  }
});

test("foreign architectures, x32 and calls newer than the table are notified", () => {
  expect(ask(everything, "read", [], 0x40000003)).toBe("notify");
  expect(ask(everything, 0x40000000)).toBe("notify");
  expect(ask(everything, 400)).toBe("notify");
  expect(ask(everything, 600)).toBe("notify");
});

test.each<readonly [string, bigint[], string]>([
  ["openat", [0n, 0n, 0n], "notify"],
  ["openat", [0n, 0n, 0o10000000n], "allow"],
  ["stat", [], "allow"],
  ["socket", [1n, 1n, 0n], "notify"],
  ["socketpair", [1n, 0x80801n, 0n], "allow"],
  ["socketpair", [1n, 2n, 0n], "notify"],
  ["socket", [2n, 1n, 262n], "notify"],
  ["socket", [16n, 3n, 0n], "notify"],
  ["sendto", [0n, 0n, 0n, 0n, 0n], "allow"],
  ["sendto", [0n, 0n, 0n, 0n, 0x100000000n], "notify"],
  ["sendto", [0n, 0n, 0n, 0x20000000n, 0n], "notify"],
  ["sendmsg", [], "notify"],
  ["kill", [5n, 9n], "notify"],
  ["kill", [5n, 0n], "allow"],
  ["prlimit64", [0n], "allow"],
  ["prlimit64", [7n], "notify"],
  ["ioctl", [0n, 0x5421n], "allow"],
  ["ioctl", [0n, 0x5401n], "notify"],
  ["ioctl", [0n, 0x100005412n], "notify"],
  ["fcntl", [0n, 3n], "allow"],
  ["fcntl", [0n, 8n], "notify"],
  ["fcntl", [0n, 4n, 0o20002n], "notify"],
  ["fcntl", [0n, 4n, 0o4002n], "allow"],
  ["setpgid", [0n, 0n], "notify"],
  ["clone", [0x3d0f00n], "allow"],
  ["clone", [0x01200011n], "allow"],
  ["clone", [0x10000011n], "notify"],
  ["clone", [0x200n], "notify"],
  ["clone3", [], "notify"],
  ["execve", [], "notify"],
  ["setuid", [], "notify"],
  ["chdir", [], "notify"],
  ["shmget", [], "notify"],
  ["shmat", [], "allow"],
  ["semop", [], "notify"],
  ["ptrace", [0n], "allow"],
  ["ptrace", [16n], "notify"],
  ["memfd_create", [0n, 9n], "allow"],
  ["memfd_create", [0n, 1n], "notify"],
])("%s %s: %s", (call, args, answer) => {
  expect(ask(everything, call, args)).toBe(answer);
});

test("an explicit denial of a listed call is notified", () => {
  expect(
    ask({ ...everything, listed: new Set(), denied: new Set(["getpid", "shmat"]) }, "getpid"),
  ).toBe("notify");
  expect(ask({ ...everything, denied: new Set(["shmat"]) }, "shmat")).toBe("notify");
});

test("where cgroup programs judge destinations, binding is asked about and sending is not", () => {
  const held: SupervisedContext = { ...everything, destinationsHeld: true };
  const pointer = 0x7000_0000n;
  const sends = [
    ["connect", [3n, pointer, 16n]],
    ["sendto", [3n, pointer, 5n, 0n, pointer, 16n]],
    ["sendmsg", [3n, pointer, 0n]],
    ["sendmmsg", [3n, pointer, 8n, 0n]],
  ] as const;
  for (const [call, args] of sends) {
    expect(ask(everything, call, args), call).toBe("notify");
    expect(ask(held, call, args), call).toBe("allow");
    const unlisted = { ...held, listed: new Set(all().filter((name) => name !== call)) };
    expect(ask(unlisted, call, args), call).toBe("notify");
  }
  for (const call of ["bind", "listen", "socket"])
    expect(ask(held, call, [3n, pointer, 16n]), call).toBe("notify");
});
