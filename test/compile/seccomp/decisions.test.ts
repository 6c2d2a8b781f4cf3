import { describe, expect, test } from "vitest";
import type { SealedContext } from "../../../src/kernel/system-calls/sealed-context.ts";
import { noWords } from "../../../src/kinds/model.ts";
import { brokering, empty, everyProtocol, permissive, strict } from "./contexts.ts";
import { judge } from "./judge.ts";

const HIGH = 0x100000000n;

describe("names", () => {
  test("opens that may create reach the mediator only where names are brokered", () => {
    expect(judge(permissive, "openat", [0, 0, 0o100])).toBe("allow");
    for (const [call, args] of [
      ["open", [0, 0o100]],
      ["openat", [0, 0, 0o102]],
      ["openat", [0, 0, 0o20000000n | (7n << 32n)]],
      ["creat", []],
      ["mkdirat", []],
      ["linkat", []],
    ] as const) {
      expect(judge(brokering, call, args), call).toBe("notify");
      expect(judge(permissive, call, args), call).toBe("allow");
    }
    expect(judge(brokering, "open", [0, 0o2])).toBe("allow");
    expect(judge(brokering, "openat", [0, 0, 0o200000])).toBe("allow");
  });

  test("brokered late names: every open but O_PATH's, and truncate, reach the mediator", () => {
    const late: SealedContext = { ...permissive, lateNames: "brokered" };
    for (const [call, args] of [
      ["open", [0, 0]],
      ["open", [0, 0o101]],
      ["openat", [0, 0, 0o200000]],
      ["creat", []],
      ["truncate", []],
    ] as const) {
      expect(judge(late, call, args), call).toBe("notify");
      expect(judge(permissive, call, args), call).toBe("allow");
    }
    expect(judge(late, "openat", [0, 0, 0o10000000])).toBe("allow");
    const old = { ...late, truncateHeld: false };
    expect(judge(old, "open", [0, 0o1000])).toBe("errno 13");
    expect(judge(old, "open", [0, 0o1001])).toBe("notify");
  });

  test("brokered-blocking late names: no open with O_NONBLOCK, unless it makes or lists", () => {
    const late: SealedContext = { ...permissive, lateNames: "brokered-blocking" };
    for (const [flags, answer] of [
      [0o4000, "allow"],
      [0o2004000, "allow"],
      [0o2000000, "notify"],
      [0o4101, "notify"],
      [0o204000, "notify"],
      [0o10000000, "allow"],
    ] as const)
      expect(judge(late, "openat", [0, 0, flags]), flags.toString(8)).toBe(answer);
    expect(judge(late, "truncate", [])).toBe("notify");
  });

  test("device nodes and whiteouts are always asked about", () => {
    for (const type of [0o020000, 0o060000]) {
      expect(judge(permissive, "mknod", [0, type | 0o644])).toBe("notify");
      expect(judge(permissive, "mknodat", [0, 0, BigInt(type) | HIGH])).toBe("notify");
    }
    expect(judge(permissive, "mknod", [0, 0o010644])).toBe("allow");
    expect(judge(permissive, "renameat2", [0, 0, 0, 0, 4])).toBe("notify");
    expect(judge(permissive, "renameat2", [0, 0, 0, 0, 2])).toBe("allow");
  });

  test("before Landlock handles truncation, nothing truncates past the mediator", () => {
    expect(judge(strict, "truncate")).toBe("notify");
    expect(judge(strict, "open", [0, 0o1000])).toBe("errno 13");
    expect(judge(strict, "open", [0, 0o1001])).toBe("allow");
    expect(judge(permissive, "truncate")).toBe("allow");
  });

  test("set-id bits of what is made reach the mediator also where Landlock makes it", () => {
    for (const bit of [0o4000, 0o2000]) {
      expect(judge(permissive, "open", [0, 0o100, bit | 0o755])).toBe("notify");
      expect(judge(permissive, "openat", [0, 0, 0o101, BigInt(bit) | HIGH])).toBe("notify");
      expect(judge(permissive, "openat", [0, 0, 0o20200002, bit])).toBe("notify");
      expect(judge(permissive, "creat", [0, bit])).toBe("notify");
      expect(judge(permissive, "mknod", [0, 0o100000 | bit])).toBe("notify");
      expect(judge(permissive, "mknodat", [0, 0, bit])).toBe("notify");
      // The mode means nothing where nothing is made.
      expect(judge(permissive, "openat", [0, 0, 0, bit])).toBe("allow");
    }
    expect(judge(permissive, "openat", [0, 0, 0o101, 0o1777])).toBe("allow");
  });

  test("openat2, whose mode no filter sees, is notified, or absent without a handler", () => {
    for (const context of [permissive, brokering]) {
      expect(judge(context, "openat2")).toBe("notify");
      expect(judge({ ...context, listener: false }, "openat2")).toBe("errno 38");
    }
    expect(judge(strict, "openat2")).toBe("errno 38");
  });
});

describe("holes around Landlock", () => {
  test("terminal input by ioctl, also with garbage in the upper half", () => {
    for (const request of [0x5412, 0x541c, 0x5423, 0x541d]) {
      expect(judge(permissive, "ioctl", [0, BigInt(request) + HIGH])).toBe("notify");
      expect(judge(permissive, "ioctl", [0, request])).toBe("notify");
    }
    expect(judge(permissive, "ioctl", [0, 0x5401])).toBe("allow");
  });

  test("inode flags by ioctl and by call", () => {
    for (const request of [0x40086602, 0x401c5820, 0x40086604, 0x6609, 0xc0406618])
      expect(judge(permissive, "ioctl", [3, request])).toBe("notify");
    expect(judge(permissive, "file_setattr")).toBe("notify");
  });

  test("fast open in every way to send", () => {
    expect(judge(permissive, "sendto", [0, 0, 0, 0x20000000n | HIGH])).toBe("notify");
    expect(judge(permissive, "sendmsg", [0, 0, 0x20004000])).toBe("notify");
    expect(judge(permissive, "sendmmsg", [0, 0, 0, 0x20000000])).toBe("notify");
    expect(judge(permissive, "sendmsg", [0, 0, 0x4000])).toBe("allow");
  });

  test("io_uring is absent and logged, clone3 is absent silently", () => {
    for (const context of [permissive, empty]) {
      expect(judge(context, "io_uring_setup")).toBe("notify");
      expect(judge({ ...context, listener: false }, "io_uring_setup")).toBe("errno 38");
      expect(judge(context, "clone3")).toBe("errno 38");
    }
  });

  test("whether :: means IPv4 too is changed by the mediator alone", () => {
    expect(judge(permissive, "setsockopt", [3, 41, 26])).toBe("notify");
    expect(judge(permissive, "setsockopt", [3, 41, BigInt(26) | HIGH])).toBe("notify");
    expect(judge(permissive, "setsockopt", [3, 6, 26])).toBe("allow");
  });

  test("namespaces by clone and unshare", () => {
    for (const flag of [
      0x20000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000,
    ]) {
      expect(judge(permissive, "clone", [flag | 17])).toBe("notify");
      expect(judge(permissive, "unshare", [flag])).toBe("notify");
    }
    expect(judge(permissive, "unshare", [0x80])).toBe("notify");
    expect(judge(permissive, "clone", [0x8000 | 17])).toBe("notify");
    expect(judge(permissive, "clone", [0x3d0f00])).toBe("allow");
    // Descriptors are shared by threads alone.
    expect(judge(permissive, "clone", [0x400 | 17])).toBe("notify");
    expect(judge(permissive, "clone", [0x4100 | 17])).toBe("allow");
  });

  test("executing memory, second listeners, processes that confine themselves", () => {
    expect(judge(permissive, "execveat", [3, 0, 0, 0, 0x1000])).toBe("notify");
    expect(judge(permissive, "execveat", [3, 0, 0, 0, 0x100])).toBe("allow");
    expect(judge(permissive, "memfd_create", [0, 1])).toBe("notify");
    expect(judge(permissive, "memfd_create", [0, 9])).toBe("allow");
    expect(judge(permissive, "memfd_secret")).toBe("notify");
    expect(judge(permissive, "seccomp", [1, 8])).toBe("notify");
    expect(judge(permissive, "seccomp", [1, 1])).toBe("allow");
    expect(judge(permissive, "landlock_restrict_self")).toBe("notify");
    expect(judge(permissive, "setpgid", [0, 17])).toBe("notify");
    expect(judge(permissive, "setpgid", [17, 0])).toBe("allow");
    expect(judge(permissive, "setrlimit", [4])).toBe("notify");
    expect(judge({ ...permissive, coreDumps: true }, "setrlimit", [4])).toBe("allow");
    expect(judge(permissive, "setrlimit", [7])).toBe("allow");
    expect(judge(permissive, "prlimit64", [0, 4, 1])).toBe("notify");
    expect(judge(permissive, "prlimit64", [0, 4, 0])).toBe("allow");
  });

  test("calls that no sealed domain is given, listed or not", () => {
    for (const call of [
      "mount",
      "open_by_handle_at",
      "name_to_handle_at",
      "bpf",
      "keyctl",
      "userfaultfd",
      "setns",
      "pivot_root",
    ]) {
      expect(judge(permissive, call), call).toBe("notify");
      expect(judge(empty, call), call).toBe("notify");
    }
  });

  test("metadata always", () => {
    for (const call of [
      "chmod",
      "fchmodat2",
      "fchownat",
      "utimensat",
      "setxattrat",
      "fremovexattr",
    ]) {
      expect(judge(permissive, call), call).toBe("notify");
    }
  });
});

describe("sockets", () => {
  test("protocols that no address rule sees are never made", () => {
    for (const protocol of [262, 256, 132])
      expect(judge(permissive, "socket", [2, 1, protocol])).toBe("notify");
    expect(judge(permissive, "socket", [43, 1, 0])).toBe("notify");
    expect(judge(permissive, "socket", [10, 2, 136])).toBe("notify");
    expect(judge(permissive, "socket", [2, 10, 3])).toBe("notify");
  });

  test("granted kinds are made, whatever flags and garbage come along", () => {
    expect(judge(permissive, "socket", [2n | HIGH, 0o2004001n | HIGH, 6n | HIGH])).toBe("allow");
    expect(judge(permissive, "socket", [10, 2, 0])).toBe("allow");
    expect(judge(permissive, "socket", [1, 5, 0])).toBe("allow");
  });

  test("a family that is not granted or not held is refused", () => {
    for (const family of [1, 2, 10, 16, 17, 40, 38, 44]) {
      for (const type of [1, 2, 3, 5])
        expect(judge(strict, "socket", [family, type, 0])).toBe("notify");
    }
    expect(judge(strict, "socketpair", [1, 1, 0])).toBe("allow");
    expect(judge(strict, "socketpair", [1, 2, 0])).toBe("notify");
    expect(judge(strict, "socketpair", [1, 3, 0])).toBe("notify");
    expect(judge(permissive, "socketpair", [1, 2, 0])).toBe("allow");
    expect(judge(permissive, "socketpair", [30, 1, 0])).toBe("notify");
  });

  test("netlink by protocol: named ones, or all but the denied", () => {
    const route = {
      ...permissive,
      sockets: { ...permissive.sockets, netlink: { kind: "only", numbers: [0] } as const },
    };
    expect(judge(route, "socket", [16, 3, 0])).toBe("allow");
    expect(judge(route, "socket", [16, 3, 9])).toBe("notify");
    const but = {
      ...permissive,
      sockets: { ...permissive.sockets, netlink: { kind: "all-but", numbers: [9] } as const },
    };
    expect(judge(but, "socket", [16, 3, 0])).toBe("allow");
    expect(judge(but, "socket", [16, 3, 9])).toBe("notify");
  });

  test("ping of each family, and UDP only if granted", () => {
    const only = (change: object) => ({ ...strict, sockets: { ...strict.sockets, ...change } });
    const ping = only({ ping: everyProtocol });
    expect(judge(ping, "socket", [2, 2, 1])).toBe("allow");
    expect(judge(ping, "socket", [10, 2, 58])).toBe("allow");
    expect(judge(ping, "socket", [2, 2, 17])).toBe("notify");
    const tcp = only({ inet: "kernel", tcp: true });
    expect(judge(tcp, "socket", [2, 1, 0])).toBe("allow");
    expect(judge(tcp, "socket", [2, 2, 0])).toBe("notify");
  });

  test("connects and addressed sends are asked about only where they are brokered", () => {
    expect(judge(permissive, "connect")).toBe("allow");
    expect(judge(brokering, "connect")).toBe("notify");
    expect(judge(brokering, "sendto", [0, 0, 0, 0, 0])).toBe("allow");
    expect(judge(brokering, "sendto", [0, 0, 0, 0, 0x1000])).toBe("notify");
    expect(judge(brokering, "sendto", [0, 0, 0, 0, HIGH])).toBe("notify");
    expect(judge(permissive, "sendto", [0, 0, 0, 0, HIGH])).toBe("allow");
    expect(judge(brokering, "sendmsg")).toBe("notify");
  });

  test("bind always, listen where an unbound socket could take a port", () => {
    expect(judge(permissive, "bind")).toBe("notify");
    expect(judge(permissive, "listen")).toBe("notify");
    expect(
      judge({ ...permissive, sockets: { ...permissive.sockets, listensAnywhere: true } }, "listen"),
    ).toBe("allow");
    expect(judge(strict, "listen")).toBe("allow");
  });

  test("source routes", () => {
    expect(judge(permissive, "setsockopt", [3, 0, 4])).toBe("notify");
    expect(judge(permissive, "setsockopt", [3, 41, 57n | HIGH])).toBe("notify");
    expect(judge(permissive, "setsockopt", [3, 1, 4])).toBe("allow");
    expect(judge(permissive, "setsockopt", [3, 6, 4])).toBe("allow");
    // A flow label with control data behind its request of 32 bytes.
    expect(judge(permissive, "setsockopt", [3, 41, 32, 1, 72])).toBe("notify");
    expect(judge(permissive, "setsockopt", [3, 41, 32, 1, 32])).toBe("allow");
  });
});

describe("other processes", () => {
  test("limits and scheduling: the caller by 0, everybody else asked about", () => {
    for (const call of ["prlimit64", "sched_setaffinity", "sched_setattr"]) {
      expect(judge(permissive, call, [HIGH])).toBe("allow");
      expect(judge(permissive, call, [4711])).toBe("notify");
    }
    expect(judge(permissive, "setpriority", [0, 0])).toBe("allow");
    expect(judge(permissive, "setpriority", [2, 0])).toBe("notify");
    expect(judge(permissive, "ioprio_set", [1, 0])).toBe("allow");
    expect(judge(permissive, "ioprio_set", [1, 9])).toBe("notify");
  });

  test("signals are asked about where Landlock's scope is missing", () => {
    expect(judge(permissive, "kill", [1, 9])).toBe("allow");
    expect(judge(strict, "kill", [1, 9])).toBe("notify");
    expect(judge(strict, "kill", [1, 0])).toBe("allow");
    expect(judge(strict, "tgkill", [1, 1, 9])).toBe("notify");
    expect(judge(strict, "fcntl", [3, 8])).toBe("notify");
    expect(judge(strict, "fcntl", [3, 4, 0o20002])).toBe("notify");
    expect(judge(strict, "fcntl", [3, 4, 0o4002])).toBe("allow");
    expect(judge(strict, "ioctl", [3, 0x5452])).toBe("notify");
    expect(judge(permissive, "fcntl", [3, 4, 0o20002])).toBe("allow");
    expect(judge(permissive, "ioctl", [3, 0x5452])).toBe("allow");
    expect(judge(strict, "ioctl", [3, 0x8901])).toBe("notify");
    expect(judge(permissive, "fcntl", [3, 8])).toBe("allow");
  });

  test("System V IPC and message queues by grant, not by list", () => {
    expect(judge(permissive, "shmget")).toBe("allow");
    expect(judge(strict, "shmget")).toBe("notify");
    const withShm = { ...empty, words: { ...noWords, ipc: new Set(["shm"] as const) } };
    expect(judge(withShm, "shmget")).toBe("allow");
    expect(judge(withShm, "semget")).toBe("notify");
    expect(judge({ ...permissive, denied: new Set(["shmget"]) }, "shmget")).toBe("notify");
  });

  test("personality other than the ordinary", () => {
    expect(judge(permissive, "personality", [0])).toBe("allow");
    expect(judge(permissive, "personality", [0xffffffff])).toBe("allow");
    expect(judge(permissive, "personality", [0x0040000])).toBe("notify");
  });
});

describe("the list", () => {
  test("a call that is not listed is notified, and fails with EPERM without a listener", () => {
    expect(judge(empty, "getpid")).toBe("notify");
    expect(judge({ ...empty, listener: false }, "getpid")).toBe("errno 1");
    expect(judge({ ...permissive, denied: new Set(["getpid"]) }, "getpid")).toBe("notify");
  });

  test("the launcher's last steps are always possible", () => {
    for (const call of ["execve", "close", "write", "exit", "exit_group", "rt_sigreturn"]) {
      expect(judge({ ...empty, denied: new Set([call]) }, call)).toBe("allow");
    }
  });
});
