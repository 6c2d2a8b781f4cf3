import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deniedRequests } from "../../src/events/collector/denied-requests.ts";
import { parseLine } from "../../src/events/collector/said.ts";
import { RECORD_BYTES_MAX } from "../../src/events/limits.ts";
import { encodeRecord, genesis, isSound, parseRecord } from "../../src/events/log/record.ts";
import { type LoggedRequest, loggedRequest, readRequest } from "../../src/events/logged-request.ts";
import { parseRecord as parseAudit } from "../../src/kernel/audit/record.ts";
import type { Request } from "../../src/model/request.ts";
import { requests } from "../model/helpers/requests.ts";
import { anEvent } from "./an-event.ts";

/** The line of a record that holds the request, as it lies on the disk. */
function lineOf(request: Request): string {
  const { line } = encodeRecord(anEvent({ request: loggedRequest(request) }), genesis);
  return Buffer.from(line).toString("utf8").slice(0, -1);
}

describe.each(Object.entries(requests))("a request of class %s", (_, arbitrary) => {
  test("comes out of its record as it went in, and the chain holds", () => {
    fc.assert(
      fc.property(arbitrary as fc.Arbitrary<Request>, (request) => {
        const line = lineOf(request);
        const record = parseRecord(line);
        expect(record !== null && isSound(record, line)).toBe(true);
        expect(readRequest(record?.event.request)).toEqual({ state: "good", value: request });
      }),
      { numRuns: 500 },
    );
  });

  test("comes through a mediator's pipe as it went in", () => {
    fc.assert(
      fc.property(arbitrary as fc.Arbitrary<Request>, (request) => {
        const said = parseLine(JSON.stringify(anEvent({ request: loggedRequest(request) })));
        const read = said !== null && "request" in said ? readRequest(said.request) : null;
        expect(read).toEqual({ state: "good", value: request });
      }),
    );
  });
});

test("names that are no plain text are written as their bytes", () => {
  const logged = (path: string) => {
    const request = loggedRequest({ class: "name", operation: "read", path });
    return "path" in request ? request.path : null;
  };
  expect(logged("/srv/é")).toBe("/srv/é");
  for (const path of ["/a\udcff", "/a\nb", "/a\x9b", "/a\u202eb"])
    expect(logged(path)).toEqual({ base64: expect.any(String) });
});

test("two names of PATH_MAX bytes fit into a record with their request, however escaped", () => {
  const name = (byte: string) => `/${byte.repeat(4094)}`;
  const [from, to] = [name("\x01"), name("\udcff")];
  const request = loggedRequest({
    ...{ class: "two-names", operation: "rename", directory: false, replaces: false },
    ...{ from, to },
  });
  const event = anEvent({ class: "two-names", object: `${from} -> ${to}`, request, allow: null });
  const { line } = encodeRecord(event, genesis);
  expect(Buffer.byteLength(line)).toBeLessThan(RECORD_BYTES_MAX);
});

test.each<[string, unknown, RegExp]>([
  ["nothing", null, /whole/],
  ["text", "read /etc/shadow", /whole/],
  ["a class of the future", { class: "clock", operation: "set" }, /class/],
  ["an operation of the future", { class: "name", operation: "paint", path: "/a" }, /operation/],
  ["no path", { class: "name", operation: "read" }, /path/],
  ["bytes that are none", { class: "name", operation: "read", path: { base64: "?" } }, /path/],
  [
    "half a byte of an address",
    { class: "address", operation: "connect", protocol: "tcp", address: "0a0", port: 1 },
    /address/,
  ],
])("%s is no request, and what is wrong is named", (_, value, problem) => {
  const read = readRequest(value);
  expect(read.state).toBe("bad");
  if (read.state === "bad") expect(read.problem).toMatch(problem);
});

test("what the kernel reports whole has a request, what it reports in part has none", () => {
  const fields = { kind: "denial", landlockDomain: "a", path: null, address: null } as const;
  const asked = (blocker: string, more: object) =>
    deniedRequests({ ...fields, port: null, other: null, blockers: [blocker], ...more }, null)[0]
      ?.request;
  const whole: readonly [string, object, LoggedRequest][] = [
    ["fs.read_file", { path: "/a" }, { class: "name", operation: "read", path: "/a" }],
    [
      "scope.abstract_unix_socket",
      { path: "\0x" },
      { class: "name", operation: "connect", path: "@x" },
    ],
    [
      "net.connect_tcp",
      { address: "10.0.0.1", port: 80 },
      { class: "address", operation: "connect", protocol: "tcp", address: "0a000001", port: 80 },
    ],
    [
      "net.bind_tcp",
      { port: 80 },
      { class: "address", operation: "listen", protocol: "tcp", address: "00000000", port: 80 },
    ],
  ];
  for (const [blocker, more, request] of whole) expect(asked(blocker, more)).toEqual(request);
  const parts: readonly [string, object][] = [
    ["fs.make_reg", { path: "/a" }],
    ["fs.remove_file", { path: "/a" }],
    ["fs.refer", { path: "/a" }],
    ["fs.of_the_future", { path: "/a" }],
    ["net.connect_tcp", { port: 80 }],
    ["scope.signal", { other: { pid: 1, comm: "init" } }],
  ];
  for (const [blocker, more] of parts) expect(asked(blocker, more)).toBeNull();
});

test("a name of the kernel's records that is no UTF-8 keeps its bytes", () => {
  const record = parseAudit(1423, "audit(1.000:1): domain=a path=2F746D702FFF0A");
  expect(record?.fields.get("path")).toBe("/tmp/\udcff\n");
});
