import { expect, test } from "vitest";
import {
  type AskedSocket,
  socketHelp,
  socketRequest,
  socketWords,
} from "../../src/kinds/sockets/events.ts";
import { suggest } from "../../src/model/suggest.ts";
import { policy, source } from "../model/helpers/policy.ts";

const STREAM_CLOEXEC = 0o2000001;

function asked(family: number, type: number, protocol = 0): AskedSocket {
  return { family, type, protocol };
}

test.each([
  [asked(2, 2), "a UDP socket (IPv4)", null, "no-rule"],
  [asked(10, 2, 17), "a UDP socket (IPv6)", null, "no-rule"],
  [asked(2, STREAM_CLOEXEC, 6), "a TCP socket (IPv4)", null, "no-rule"],
  [asked(1, 5), "a unix socket", null, "no-rule"],
  [asked(2, 1, 262), "an MPTCP socket (IPv4)", null, "never"],
  [asked(10, 2, 136), "a UDP-Lite socket (IPv6)", null, "never"],
  [asked(10, 5, 17), "a socket of type 5, protocol 17 (IPv6)", null, "never"],
  [asked(38, 5), "a socket of the kernel's ciphers (AF_ALG)", null, "never"],
  [asked(29, 3, 1), "a socket of family 29", null, "never"],
  [asked(16, 3, 9), "netlink audit", "netlink audit", undefined],
  [asked(16, 2, 31), "netlink 31", "netlink 31", undefined],
  [asked(2, 3, 1), "raw icmp (IPv4)", "raw icmp", undefined],
  [asked(10, 3, 255), "raw 255 (IPv6)", "raw 255", undefined],
  [asked(2, 2, 1), "ping (IPv4)", "ping", undefined],
  [asked(10, 2, 58), "ping (IPv6)", "ping", undefined],
  [asked(10, 2, 1), "a socket of type 2, protocol 1 (IPv6)", null, "never"],
  [asked(17, 3, 768), "packet", "packet", undefined],
  [asked(40, 1), "vsock", "vsock", undefined],
])("%j is told as %s, allowed by %s", (socket, words, line, reason) => {
  expect(socketWords(socket)).toBe(words);
  const help = socketHelp(socket, policy({}));
  expect(help?.reason).toBe(reason);
  expect(suggest(socketRequest(socket), null)?.line ?? null).toBe(line);
  expect(help === null).toBe(line !== null);
});

test("a granted socket that the host cannot judge is refused with reason host", () => {
  const udp = {
    effect: "allow",
    operation: "connect",
    protocol: "udp",
    network: null,
    ports: { first: 53, last: 53 },
    source: source("connect udp 53"),
  } as const;
  expect(socketHelp(asked(2, 2), policy({ addresses: [udp] }))?.reason).toBe("host");
  expect(socketHelp(asked(2, 1), policy({ addresses: [udp] }))?.reason).toBe("no-rule");
  expect(socketHelp(asked(2, 2), policy({ addresses: [{ ...udp, effect: "deny" }] }))?.reason).toBe(
    "no-rule",
  );
});
