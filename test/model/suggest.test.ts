import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { protocolNumber } from "../../src/kinds/sockets/model.ts";
import { decide } from "../../src/model/decide.ts";
import { parseAddress } from "../../src/model/network.ts";
import type { PermissionName } from "../../src/model/permission.ts";
import type { Policy, TokenRule } from "../../src/model/policy.ts";
import type { Request } from "../../src/model/request.ts";
import { type Suggestion, suggest } from "../../src/model/suggest.ts";
import { anyRequest } from "./helpers/any-request.ts";
import { names, policy, source } from "./helpers/policy.ts";

/** The policy that has this one line, read by hand. */
function policyOf({ section, line }: Suggestion): Policy {
  const token = { effect: "allow", token: line, source: source(line) } as const;
  if (section === "files") return policy({ names: files(line) });
  if (section !== "network") return policy({ [section]: [token as TokenRule] });
  const [operation, kind, where = ""] = line
    .split(/ (.*)/s)
    .flatMap((part, at) => (at === 1 ? part.split(/ (.*)/s) : [part]));
  if (kind === "unix") return policy({ names: files(line.replace(/^(\w+) unix /, "$1 unix ")) });
  if (kind === "tcp" || kind === "udp")
    return policy({ addresses: [address(operation as "connect", kind, where)] });
  const protocol =
    kind === undefined || kind === ""
      ? null
      : (protocolNumber(operation as "raw", kind) ?? Number(kind));
  return policy({
    sockets: [{ effect: "allow", family: operation as "raw", protocol, source: source(line) }],
  });
}

/** Words are separated by spaces that no backslash precedes. */
function files(line: string) {
  const words = line.match(/(?:\\.|[^\s\\])+/gsu) ?? [];
  const isUnix = words[1] === "unix";
  const [first] = names(`${words[0]}${isUnix ? " unix" : ""} /placeholder`);
  return words
    .slice(isUnix ? 2 : 1)
    .map((pattern) => ({ ...(first as NonNullable<typeof first>), pattern }));
}

function address(operation: "connect" | "listen", protocol: "tcp" | "udp", where: string) {
  const [, host, port] = /^(?:(.*):)?(\d+)$/.exec(where) as unknown as [
    string,
    string | undefined,
    string,
  ];
  const bytes = host === undefined ? null : (parseAddress(host) as Uint8Array);
  const network =
    bytes &&
    ({ family: bytes.length === 4 ? 4 : 6, address: bytes, prefix: bytes.length * 8 } as const);
  const ports = { first: Number(port), last: Number(port) };
  return { effect: "allow", operation, protocol, network, ports, source: source(where) } as const;
}

test("no line grants another name than the one that was asked for", () => {
  const line = suggest({ class: "name", operation: "read", path: "/srv/in\nbox\udcff" }, null);
  expect(line).toEqual({ section: "files", line: "r /srv/in\\x0abox\\xff" });
  const granting = policyOf(line as Suggestion);
  for (const path of ["/srv/in box\udcff", "/srv/in\nboxa", "/srv/in\tbox\udcff"])
    expect(decide(granting, { class: "name", operation: "read", path }).outcome).toBe("denied");
});

test("a suggested line makes decide grant", () => {
  let suggested = 0;
  fc.assert(
    fc.property(anyRequest, (asked) => {
      const suggestion = suggest(asked, null);
      if (suggestion === null) return;
      suggested++;
      expect(
        decide(policyOf(suggestion), asked),
        `${suggestion.section}: ${suggestion.line}`,
      ).toMatchObject({
        outcome: "granted",
      });
    }),
    { numRuns: 3000 },
  );
  expect(suggested).toBeGreaterThan(1500);
});

describe("the line, by example", () => {
  const byName = (operation: PermissionName, path: string): Request => ({
    class: "name",
    operation,
    path,
  });
  const connect = (text: string, port: number): Request => {
    return {
      class: "address",
      operation: "connect",
      protocol: "tcp",
      address: parseAddress(text) as Uint8Array,
      port,
    };
  };
  test.each<[Request, Suggestion | null]>([
    [byName("read", "/etc/my file"), { section: "files", line: "r /etc/my\\ file" }],
    [byName("execute", "/bin/[x]"), { section: "files", line: "rx /bin/\\[x\\]" }],
    [byName("connect", "/run/x.sock"), { section: "network", line: "connect unix /run/x.sock" }],
    [byName("listen", "@x"), { section: "network", line: "listen unix @x" }],
    [byName("read", "/proc/320117/mounts"), { section: "files", line: "r /proc/[0-9]*/mounts" }],
    [
      byName("write", "/proc/320117/task/320118/comm"),
      { section: "files", line: "w /proc/[0-9]*/task/[0-9]*/comm" },
    ],
    [byName("read", "/proc/12"), { section: "files", line: "r /proc/12" }],
    [byName("read", "@x"), null],
    [byName("read", "/a/../b"), null],
    [byName("read", "relative"), null],
    [connect("10.0.0.1", 80), { section: "network", line: "connect tcp 10.0.0.1:80" }],
    [connect("fe80::1", 80), { section: "network", line: "connect tcp [fe80::1]:80" }],
    [
      { class: "syscall", name: "ptrace" },
      { section: "syscalls", line: "ptrace" },
    ],
    [{ class: "syscall", name: "pivot_root" }, null],
    [{ class: "syscall", name: "bpf" }, null],
    [{ class: "socket", family: "other", protocol: 0 }, null],
    [
      { class: "signal", domain: "superDom" },
      { section: "signals", line: "any" },
    ],
    [
      {
        class: "two-names",
        operation: "rename",
        from: "/a",
        to: "/b",
        directory: true,
        replaces: false,
      },
      { section: "files", line: "cd /a /b /a/** /b/**" },
    ],
    [
      {
        class: "address",
        operation: "listen",
        protocol: "tcp",
        address: new Uint8Array(4),
        port: 80,
      },
      { section: "network", line: "listen tcp 80" },
    ],
  ])("%j", (asked, expected) => expect(suggest(asked, null)).toEqual(expected));
});
