import { rmSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AddressRule } from "../../src/model/policy.ts";
import { scratchFolder } from "../support/scratch.ts";
import { type Built, buildAll } from "./build.ts";
import { runScene } from "./scene.ts";

let built: Built;
let tree: string;
beforeAll(async () => {
  built = await buildAll();
  tree = scratchFolder("tree");
});
afterAll(() => {
  built.remove();
  rmSync(tree, { recursive: true, force: true });
});

const udp: AddressRule = {
  effect: "allow",
  operation: "connect",
  protocol: "udp",
  network: { family: 4, address: Uint8Array.of(127, 0, 0, 1), prefix: 32 },
  ports: { first: 53, last: 53 },
  source: { file: "scene", line: 1, column: 1, text: "connect udp 127.0.0.1:53" },
};

/**
 * What the events of one script say: class, operation, object, reason, and the line or the help.
 */
function told(script: string, notify: readonly string[], addresses: readonly AddressRule[] = []) {
  const sockets = { inet: "broker", unix: "broker" } as const;
  const options = { rules: [], notify, sockets, policy: { addresses } };
  const done = runScene(built, options, [built.target, ...script.split(" ")], tree);
  expect(done.stderr).toBe("");
  return done.events.map((event) => [
    event.class,
    event.operation,
    event.object,
    event.reason,
    event.allow?.line ?? event.help ?? null,
  ]);
}

test("a refused socket is told in words, with a line that can be pasted or with what to do", () => {
  const script =
    "socket 2 2 0 ; socket 1 1 0 ; socket 16 3 9 ; socket 2 1 262 ; socket 17 3 0 ; " +
    "socketpair 1 2 0 ~";
  const any = expect.stringMatching(/^any rule about a /);
  expect(told(script, ["socket", "socketpair"])).toEqual([
    ["socket", "create", "a UDP socket (IPv4)", "no-rule", any],
    ["socket", "create", "a unix socket", "no-rule", any],
    ["socket", "create", "netlink audit", "no-rule", "netlink audit"],
    [
      "socket",
      "create",
      "an MPTCP socket (IPv4)",
      "never",
      expect.stringMatching(/^no rule can judge /),
    ],
    ["socket", "create", "packet", "no-rule", "packet"],
    ["socket", "create", "a pair of unix datagram sockets", "no-rule", any],
  ]);
});

test("forms that no domain has are told by the names of their constants", () => {
  const script =
    "clone 0x10020011 0 0 0 0 ; unshare 0x40000080 ; seccomp 1 8 ~ ; execveat 3 x ~ ~ 0x1000 ; " +
    "personality 0x440000 ; memfd_create x 0x11 ; " +
    "renameat2 @AT_FDCWD a @AT_FDCWD b 0x4 ; ioctl 0 0x40086604 0 ; fcntl 0 8 1 ; " +
    "setsockopt 0 0 4 ~ 0 ; setsockopt 0 41 57 ~ 0 ; setsockopt 0 0 99 ~ 0";
  const calls = [
    "clone",
    "unshare",
    "seccomp",
    "execveat",
    "personality",
    "ioctl",
    "fcntl",
    "setsockopt",
  ];
  const form = (object: string) => ["syscall", "call", object, "never", null];
  expect(told(script, calls)).toEqual(
    [
      "clone(CLONE_NEWNS | CLONE_NEWUSER)",
      "unshare(CLONE_NEWNET | CLONE_NEWTIME)",
      "seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER)",
      "execveat(AT_EMPTY_PATH)",
      "personality(ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC)",
      "memfd_create(MFD_CLOEXEC | MFD_EXEC)",
      "renameat2(RENAME_WHITEOUT)",
      "ioctl(EXT4_IOC_SETVERSION)",
      "fcntl(F_SETOWN)",
      "setsockopt(IPPROTO_IP, IP_OPTIONS)",
      "setsockopt(IPPROTO_IPV6, IPV6_RTHDR)",
      "setsockopt(IPPROTO_IP, 0x63)",
    ].map(form),
  );
});

test("fast open, other processes, and a port of the kernel's choice", () => {
  const to = "#hex=02000035080808080000000000000000 16";
  const script =
    `socket 2 1 0 ; sendto 3 x 1 0x20000000 ${to} ; listen 3 1 ; prlimit64 1 7 ~ ~ ; ` +
    `socket 2 2 0 ; sendto 4 x 1 0 ${to}`;
  expect(told(script, ["sendto"], [udp])).toEqual([
    ["syscall", "call", "sendto(MSG_FASTOPEN)", "never", null],
    ["address", "listen", "tcp 0.0.0.0:0", "no-rule", "listen tcp 0"],
    ["syscall", "prlimit64", "process 1", "never", null],
    ["address", "connect", "udp 8.8.8.8:53", "no-rule", "connect udp 8.8.8.8:53"],
  ]);
});
