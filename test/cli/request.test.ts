import { describe, expect, test } from "vitest";
import { CommandError } from "../../src/cli/command.ts";
import { type Names, parseRequest } from "../../src/cli/explain/request.ts";

/** A host on which /link leads to /real, /real/folder is a directory and /real/there exists. */
const names: Names = {
  canonical: (path, follow) =>
    path === "/link" && !follow ? path : path.replace(/^\/link/, "/real"),
  isDirectory: (path) => path === "/real/folder",
  exists: (path) => path === "/real/there",
  inode: (path) => (path === "/real/there" ? "1:2" : null),
};

const parse = (line: string) => parseRequest(line.split(" "), names);

test("names are made canonical, the last link followed where the call would follow it", () => {
  expect(parse("read /link/there")).toEqual({
    class: "name",
    operation: "read",
    path: "/real/there",
    inode: "1:2",
  });
  expect(parse("r /link")).toEqual({ class: "name", operation: "read", path: "/real" });
  expect(parse("delete /link")).toEqual({ class: "name", operation: "delete", path: "/link" });
});

test("renames know whether a directory moves and something is replaced", () => {
  const request = parse("rename /link/folder /real/there");
  expect(request).toEqual({
    class: "two-names",
    operation: "rename",
    from: "/real/folder",
    to: "/real/there",
    directory: true,
    replaces: true,
  });
});

test("addresses and ports", () => {
  expect(parse("connect tcp 10.0.0.1:443")).toMatchObject({
    protocol: "tcp",
    port: 443,
    address: Uint8Array.of(10, 0, 0, 1),
  });
  expect(parse("connect udp [::1]:53")).toMatchObject({
    protocol: "udp",
    port: 53,
    address: expect.objectContaining({ length: 16 }),
  });
  expect(parse("listen tcp 80")).toMatchObject({
    operation: "listen",
    port: 80,
    address: Uint8Array.of(0, 0, 0, 0),
  });
  expect(parse("connect unix @bus")).toMatchObject({
    class: "name",
    operation: "connect",
    path: "@bus",
  });
});

test("an answer has two ends", () => {
  expect(parse("answer udp 10.0.0.7:4000 from 127.0.0.1:53")).toEqual({
    ...parse("connect udp 10.0.0.7:4000"),
    answersFrom: { address: Uint8Array.of(127, 0, 0, 1), port: 53 },
  });
});

test("everything else by its word", () => {
  expect(parse("netlink route")).toEqual({ class: "socket", family: "netlink", protocol: 0 });
  expect(parse("vsock")).toEqual({ class: "socket", family: "vsock", protocol: 0 });
  expect(parse("capability CAP_NET_RAW")).toEqual({ class: "capability", name: "net_raw" });
  expect(parse("ipc shm")).toEqual({ class: "ipc", kind: "shm" });
  expect(parse("signal nginx")).toEqual({ class: "signal", domain: "nginx" });
});

describe("what makes no sense is refused with what to write instead", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["raed /etc/hosts", /did you mean `read`/],
    ["read etc/hosts", /from `\/`/],
    ["read", /--help/],
    ["rename /a", /rename FROM TO/],
    ["connect tcp example.org:80", /names are not looked up/],
    ["connect tcp 80", /10\.0\.0\.1:443/],
    ["connect sctp 10.0.0.1:80", /tcp, udp, unix/],
    ["answer tcp 10.0.0.1:80 from 80", /over tcp a connection goes both ways/],
    ["answer udp 10.0.0.1:80", /PEER:PORT from/],
    ["answer udp 10.0.0.1:80 from ssh", /10\.0\.0\.1:443/],
    ["capability net_rwa", /capabilities\(7\)/],
    ["ipc smh", /one of these/],
  ];
  test.each(cases)("%s", (line, help) => {
    let caught: unknown;
    try {
      parse(line);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(CommandError);
    expect((caught as CommandError).help).toMatch(help);
    expect((caught as CommandError).exitCode).toBe(2);
  });
});

test("a protocol of sockets is a number of eight bits or a known name", () => {
  expect(parse("netlink 255")).toMatchObject({ protocol: 255 });
  for (const line of ["netlink 256", "raw 999", "netlink nothing"])
    expect(() => parse(line)).toThrow(/is not a protocol of/);
});
