import { existsSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { listen } from "../../src/agent/listen.ts";
import { activatedSocket, notifyManager } from "../../src/agent/service-manager.ts";
import { AF_UNIX, SOCK_DGRAM } from "../../src/kernel/constants.ts";
import { close, read, syscall } from "../../src/kernel/ffi.ts";
import { scratchFolder } from "../support/scratch.ts";

test("the service manager is told when the agent is ready, on a path or an abstract name", () => {
  const folder = scratchFolder("notify");
  try {
    for (const name of [join(folder, "notify"), `@cofferdam-test-${process.pid}`]) {
      const fd = syscall("socket", AF_UNIX, SOCK_DGRAM, 0);
      const bytes = Buffer.from(name.startsWith("@") ? `\0${name.slice(1)}` : `${name}\0`);
      const address = Buffer.concat([Buffer.from([AF_UNIX, 0]), bytes]);
      syscall("bind", fd, address, address.length);
      notifyManager("READY=1", name);
      const got = Buffer.alloc(100);
      expect(got.subarray(0, read(fd, got)).toString()).toBe("READY=1");
      close(fd);
    }
    expect(() => notifyManager("READY=1", "")).not.toThrow();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("only a socket that was meant for this process is taken from the service manager", () => {
  const pid = String(process.pid);
  expect(activatedSocket({ LISTEN_PID: pid, LISTEN_FDS: "1" })).toBe(3);
  expect(activatedSocket({ LISTEN_PID: "1", LISTEN_FDS: "1" })).toBeNull();
  expect(activatedSocket({ LISTEN_PID: pid, LISTEN_FDS: "2" })).toBeNull();
  expect(activatedSocket({})).toBeNull();
});

test("a socket that listens already is listened on", async () => {
  const folder = scratchFolder("activated");
  const first = createServer();
  await listen(first, join(folder, "control"));
  const fd = (first as unknown as { _handle: { fd: number } })._handle.fd;
  const second = createServer((socket) => socket.end("second"));
  const copy = syscall("dup", fd);
  await listen(second, copy);
  first.close();
  expect(existsSync(join(folder, "control"))).toBe(false);
  second.close();
  rmSync(folder, { recursive: true });
});
