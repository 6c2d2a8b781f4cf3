import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { O_NOCTTY, O_RDWR, TIOCGPTPEER, TIOCSPTLCK } from "../../src/kernel/constants.ts";
import { Epoll } from "../../src/kernel/epoll.ts";
import { close, ioctl, open, write } from "../../src/kernel/ffi.ts";
import { openPty, openTerminal } from "../../src/sessions/pty.ts";
import { Relay } from "../../src/sessions/relay.ts";

/** A caller's terminal. */
function terminalOfCaller() {
  const master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
  ioctl(master, TIOCSPTLCK, Buffer.alloc(4));
  return { master, slave: ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY) };
}

/** How many descriptors are open. */
const descriptors = (): number => readdirSync("/proc/self/fd").length;

test("a new size of a terminal that has hung up is nothing to end the server for", async () => {
  const before = descriptors();
  const caller = terminalOfCaller();
  const pty = openPty(caller.slave, { plain: false });
  const epoll = new Epoll();
  const relay = new Relay(
    epoll,
    openTerminal(`/proc/self/fd/${caller.slave}`),
    pty.master,
    true,
    (work) => work(),
  );
  close(caller.master);
  relay.resize();
  await new Promise<void>((resolve) => relay.end(resolve));
  for (const fd of [caller.slave, pty.slave, epoll.fd]) close(fd);
  expect(descriptors()).toBe(before);
});

test("for one that has hung up there is no other, and nothing stays open", () => {
  const before = descriptors();
  const caller = terminalOfCaller();
  close(caller.master);
  expect(() => openPty(caller.slave, { plain: false })).toThrow("EIO");
  close(caller.slave);
  expect(descriptors()).toBe(before);
});

test("an error ends only its own relay, which releases both terminals", async () => {
  const before = descriptors();
  const caller = terminalOfCaller();
  const pty = openPty(caller.slave, { plain: false });
  const epoll = new Epoll();
  const errors: unknown[] = [];
  const terminal = openTerminal(`/proc/self/fd/${caller.slave}`);
  // As one that went wrong in the middle: nothing can be waited for where nothing is open.
  const failing = new Proxy(epoll, {
    get: (target, name) => {
      if (name === "change") throw new Error("cannot wait");
      const member = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  const relay = new Relay(failing, terminal, pty.master, true, (work) => {
    try {
      work();
    } catch (error) {
      errors.push(error);
    }
  });
  write(pty.slave, Buffer.from("words"));
  epoll.wait(1_000);
  expect(errors).toEqual([new Error("cannot wait")]);
  epoll.wait(0);
  expect(errors).toHaveLength(1);
  await new Promise<void>((resolve) => relay.end(resolve));
  for (const fd of [caller.master, caller.slave, pty.slave, epoll.fd]) close(fd);
  expect(descriptors()).toBe(before);
});
