import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decide } from "../../src/model/decide.ts";
import { parseAddress, parseHostAndPrefix } from "../../src/model/network.ts";
import { ownObjectRules } from "../../src/model/own-objects.ts";
import { Permission, type PermissionName } from "../../src/model/permission.ts";
import type { AddressRule, Network, Policy, TokenRule } from "../../src/model/policy.ts";
import type { Request } from "../../src/model/request.ts";
import { name, nameRule, nameRules } from "./helpers/arbitraries.ts";
import { names, policy, source } from "./helpers/policy.ts";

const operations = Object.keys(Permission) as PermissionName[];
const ask = (operation: PermissionName, path: string): Request => ({
  class: "name",
  operation,
  path,
});
const outcome = (rules: Policy, request: Request) => decide(rules, request).outcome;
const operation = fc.constantFrom(...operations);

const token = <T extends string>(effect: "allow" | "deny", value: T): TokenRule<T> => ({
  effect,
  token: value,
  source: source(`${effect} ${value}`),
});

describe("the sentences of the design", () => {
  test("default deny: what no grant names is outside the domain", () => {
    const requests: Request[] = [
      ...operations.map((each) => ask(each, "/etc/passwd")),
      {
        class: "two-names",
        operation: "rename",
        from: "/a",
        to: "/b",
        directory: false,
        replaces: false,
      },
      {
        class: "two-names",
        operation: "link",
        from: "/a",
        to: "/b",
        directory: false,
        replaces: false,
      },
      {
        class: "address",
        operation: "connect",
        protocol: "tcp",
        address: Uint8Array.of(127, 0, 0, 1),
        port: 80,
      },
      { class: "socket", family: "netlink", protocol: 0 },
      { class: "syscall", name: "read" },
      { class: "capability", name: "chown" },
      { class: "ipc", kind: "shm" },
      { class: "inherit", kind: "stdio" },
      { class: "signal", domain: "other" },
    ];
    for (const request of requests) {
      expect(decide(policy(), request)).toEqual({ outcome: "denied", by: null, reason: "no-rule" });
    }
  });

  test("deny beats allow", () => {
    fc.assert(
      fc.property(nameRules, nameRule, name, operation, (rules, rule, path, each) => {
        const permission = Permission[each];
        const onlyThat = policy({ names: [{ ...rule, effect: "allow", permissions: permission }] });
        const denied = policy({
          names: [...rules, { ...rule, effect: "deny", permissions: permission }],
        });
        if (outcome(onlyThat, ask(each, path)) === "granted")
          expect(outcome(denied, ask(each, path))).toBe("denied");
      }),
      { numRuns: 1000 },
    );
  });

  test("order and duplicates of rules never matter", () => {
    fc.assert(
      fc.property(
        nameRules,
        name,
        name,
        operation,
        fc.boolean(),
        (rules, path, to, each, directory) => {
          const turned = policy({ names: [...rules].reverse().concat(rules.slice(0, 2)) });
          const straight = policy({ names: rules });
          expect(outcome(turned, ask(each, path))).toBe(outcome(straight, ask(each, path)));
          const rename: Request = {
            class: "two-names",
            operation: "rename",
            from: path,
            to,
            directory,
            replaces: false,
          };
          expect(outcome(turned, rename)).toBe(outcome(straight, rename));
        },
      ),
      { numRuns: 500 },
    );
  });

  test("narrowing a policy never allows more", () => {
    const without = <T>(list: readonly T[], at: number) => list.filter((_, index) => index !== at);
    fc.assert(
      fc.property(
        nameRules,
        nameRule,
        fc.nat(5),
        name,
        operation,
        (rules, deny, at, path, each) => {
          const request = ask(each, path);
          if (outcome(policy({ names: rules }), request) === "granted") return;
          const index = at % Math.max(rules.length, 1);
          if (rules[index]?.effect === "allow") {
            expect(outcome(policy({ names: without(rules, index) }), request)).toBe("denied");
          }
          const narrower = [...rules, { ...deny, effect: "deny" as const }];
          expect(outcome(policy({ names: narrower }), request)).toBe("denied");
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("names", () => {
  test("executing needs reading as well, since execve opens the file for both", () => {
    const granting = (permissions: number) =>
      policy({ names: [{ effect: "allow", permissions, pattern: "/bin/x", source: source("x") }] });
    expect(outcome(granting(Permission.execute), ask("execute", "/bin/x"))).toBe("denied");
    expect(outcome(granting(Permission.execute | Permission.read), ask("execute", "/bin/x"))).toBe(
      "granted",
    );
  });

  const rules = policy({
    names: names(
      "rw /srv/**",
      "deny w /srv/x",
      "deny rw /srv/y",
      "connect unix /run/*.sock",
      "rwc /a",
    ),
  });

  test("the rule named is the first deny, else the first allow, in source order", () => {
    const twice = policy({ names: names("r /a", "r /a/**", "r /b", "deny r /b", "deny r /b*") });
    expect(decide(twice, ask("read", "/a"))).toMatchObject({ outcome: "granted", by: { line: 1 } });
    expect(decide(twice, ask("read", "/b"))).toMatchObject({
      outcome: "denied",
      by: { line: 4 },
      reason: "rule",
    });
  });

  test.each([
    ["read", "/srv/x", "granted"],
    ["write", "/srv/x", "denied"],
    ["read", "/srv/y", "denied"],
    ["write", "/srv/z/deep", "granted"],
    ["read", "/srv", "granted"],
    ["create", "/srv/z", "denied"],
    ["connect", "/run/a.sock", "granted"],
    ["listen", "/run/a.sock", "denied"],
    ["read", "/run/a.sock", "denied"],
  ] as const)("%s %s is %s", (each, path, expected) =>
    expect(outcome(rules, ask(each, path))).toBe(expected),
  );

  test.each([
    "",
    "srv/z",
    "/srv/",
    "/srv//z",
    "/srv/../srv/z",
    "/srv/./z",
    "/srv/z/..",
    "/srv/z\0",
    "//srv/z",
  ])("%j is no canonical name and gets nothing", (path) => {
    const everything = policy({ names: names("rwcdxmai /**") });
    expect(decide(everything, ask("read", path))).toEqual({
      outcome: "denied",
      by: null,
      reason: "no-rule",
    });
  });

  test("a rule that cannot be read allows nothing; a deny that cannot be read denies all", () => {
    expect(outcome(policy({ names: names("r /a/") }), ask("read", "/a"))).toBe("denied");
    expect(outcome(policy({ names: names("r /a", "deny r /b/") }), ask("read", "/a"))).toBe(
      "denied",
    );
    expect(outcome(policy({ names: names("r /a", "deny w /b/") }), ask("read", "/a"))).toBe(
      "granted",
    );
  });

  test("what belongs to Cofferdam is denied whatever the policy grants or denies", () => {
    const own = policy({
      names: [
        ...names("rw /**", "deny w /etc/cofferdam/**"),
        ...ownObjectRules(["/etc/cofferdam/**"]),
      ],
    });
    const denied = { outcome: "denied", by: null, reason: "own-object" };
    expect(decide(own, ask("write", "/etc/cofferdam/domains/x.yaml"))).toEqual(denied);
    expect(outcome(own, ask("write", "/etc/x"))).toBe("granted");
  });
});

describe("rename and link", () => {
  const rules = policy({
    names: names(
      "rwcd /data/** /data",
      "rwcd /other/**",
      "r /ro/*",
      "d /ro/*",
      "rwxcd /bin/*",
      "cd /shallow/*",
      "deny d /data/keep/x",
      "deny c /other/locked/y",
      "deny d /other/kept",
    ),
  });
  const two = (
    kind: "rename" | "link",
    from: string,
    to: string,
    directory = false,
    replaces = false,
  ): Request => ({
    class: "two-names",
    operation: kind,
    from,
    to,
    directory,
    replaces,
  });

  test.each([
    ["rename needs delete at its source", two("rename", "/else", "/data/a"), "no-rule"],
    ["rename needs create at its target", two("rename", "/data/a", "/ro/a"), "no-rule"],
    [
      "rename needs delete of what it replaces",
      two("rename", "/data/a", "/other/kept", false, true),
      "rule",
    ],
    ["the same without replacing", two("rename", "/data/a", "/other/kept"), null],
    ["rename within a tree", two("rename", "/data/a", "/data/b", false, true), null],
    ["rename never gains", two("rename", "/ro/a", "/data/a"), "gain"],
    ["rename never gains execute", two("rename", "/data/a", "/bin/a"), "gain"],
    ["rename may lose", two("rename", "/bin/a", "/data/a"), null],
    ["link needs create at its target only", two("link", "/other/a", "/data/b"), null],
    ["link without create", two("link", "/data/a", "/ro/b"), "no-rule"],
    ["link never gains", two("link", "/ro/a", "/data/b"), "gain"],
    ["link of what no rule names", two("link", "/etc/shadow", "/data/b"), "gain"],
    [
      "link from a name that is not canonical",
      two("link", "/data/../etc/shadow", "/shallow/b"),
      "no-rule",
    ],
    ["a directory within a tree", two("rename", "/data/a", "/data/b", true), null],
    [
      "a directory with a protected name below",
      two("rename", "/data/keep", "/data/b", true),
      "no-rule",
    ],
    ["the same as a file", two("rename", "/data/keep", "/data/b"), null],
    [
      "a directory over a name below which may not be made",
      two("rename", "/data/a", "/other/locked", true),
      "no-rule",
    ],
    [
      "a directory whose names below may not be made",
      two("rename", "/shallow/a", "/shallow/b", true),
      "no-rule",
    ],
  ])("%s", (_, request, reason) => {
    const decision = decide(rules, request);
    expect(decision.outcome === "denied" ? decision.reason : null).toBe(reason);
  });

  test("too many kinds of names below a directory to compare: it counts as a gain", () => {
    const huge = policy({ names: names("rwcd /data/**", `x /data/a/*a${"?".repeat(24)}`) });
    expect(decide(huge, two("rename", "/data/a", "/data/b", true))).toMatchObject({
      reason: "gain",
    });
    expect(outcome(huge, two("rename", "/data/a", "/data/b"))).toBe("granted");
    expect(outcome(huge, ask("read", "/data/a"))).toBe("granted");
  });
});

describe("addresses", () => {
  const address = (
    effect: "allow" | "deny",
    kind: "connect" | "listen",
    network: string | null,
    first: number,
    last = first,
    protocol: "tcp" | "udp" = "tcp",
  ): AddressRule => ({
    effect,
    operation: kind,
    protocol,
    network: network === null ? null : (parseHostAndPrefix(network) as Network),
    ports: { first, last },
    source: source(`${kind} ${protocol} ${network}`),
  });
  const rules = policy({
    addresses: [
      address("allow", "connect", "10.0.0.0/8", 80, 90),
      address("deny", "connect", "10.1.0.0/16", 85),
      address("allow", "connect", "2001:db8::/33", 443),
      address("allow", "connect", null, 53, 53, "udp"),
      address("allow", "listen", null, 8080),
      address("allow", "connect", null, 6379),
      address("deny", "connect", "127.0.0.0/8", 6379),
      address("deny", "connect", "::1", 6379),
    ],
  });
  test.each([
    ["connect", "tcp", "10.2.3.4", 80, "granted"],
    ["connect", "tcp", "10.2.3.4", 90, "granted"],
    ["connect", "tcp", "10.2.3.4", 91, "denied"],
    ["connect", "tcp", "10.2.3.4", 79, "denied"],
    ["connect", "udp", "10.2.3.4", 80, "denied"],
    ["listen", "tcp", "10.2.3.4", 80, "denied"],
    ["connect", "tcp", "11.0.0.0", 80, "denied"],
    ["connect", "tcp", "10.1.255.255", 85, "denied"],
    ["connect", "tcp", "10.1.255.255", 86, "granted"],
    ["connect", "tcp", "2001:db8:7fff::1", 443, "granted"],
    ["connect", "tcp", "2001:db8:8000::1", 443, "denied"],
    ["connect", "udp", "fe80::1", 53, "granted"],
    ["listen", "tcp", "0.0.0.0", 8080, "granted"],
    ["listen", "tcp", "::", 8080, "granted"],
    ["listen", "tcp", "::", 0, "denied"],
    ["connect", "tcp", "0.0.0.0", 6379, "denied"],
    ["connect", "tcp", "::", 6379, "denied"],
    ["connect", "tcp", "192.0.2.1", 6379, "granted"],
  ] as const)("%s %s %s %i is %s", (kind, protocol, text, port, expected) => {
    const bytes = parseAddress(text) as Uint8Array;
    expect(
      outcome(rules, { class: "address", operation: kind, protocol, address: bytes, port }),
    ).toBe(expected);
  });

  test("an IPv4-mapped IPv6 address is judged as the IPv4 address inside", () => {
    const mapped = (...last: number[]) =>
      Uint8Array.from([...new Array(10).fill(0), 0xff, 0xff, ...last]);
    const connect = (bytes: Uint8Array, port: number): Request => ({
      class: "address",
      operation: "connect",
      protocol: "tcp",
      address: bytes,
      port,
    });
    expect(outcome(rules, connect(mapped(10, 2, 3, 4), 80))).toBe("granted");
    expect(outcome(rules, connect(mapped(10, 1, 3, 4), 85))).toBe("denied");
    expect(outcome(rules, connect(mapped(127, 0, 0, 1), 6379))).toBe("denied");
    expect(outcome(rules, connect(mapped(0, 0, 0, 0), 6379))).toBe("denied");
  });

  test.each([
    ["a peer of any address", "192.0.2.7", 4000, "0.0.0.0", 5353, "granted"],
    ["from the other family", "192.0.2.7", 4000, "::", 5353, "granted"],
    ["from a port that is not granted", "192.0.2.7", 4000, "0.0.0.0", 5354, "denied"],
    ["from a port that is granted over TCP", "192.0.2.7", 4000, "0.0.0.0", 8080, "denied"],
    ["to a peer to which a rule denies to connect", "192.0.2.8", 4000, "0.0.0.0", 5353, "denied"],
    ["to a peer to which a rule grants it", "192.0.2.7", 53, "0.0.0.0", 40_000, "granted"],
  ] as const)("an answer over UDP: %s", (_, peer, port, own, ownPort, expected) => {
    const answers = policy({
      addresses: [
        ...rules.addresses,
        address("allow", "listen", null, 5353, 5353, "udp"),
        address("deny", "connect", "192.0.2.8", 0, 65_535, "udp"),
      ],
    });
    const request = (operation: "connect" | "listen", protocol: "tcp" | "udp"): Request => ({
      ...{ class: "address", operation, protocol, address: parseAddress(peer) as Uint8Array, port },
      answersFrom: { address: parseAddress(own) as Uint8Array, port: ownPort },
    });
    expect(outcome(answers, request("connect", "udp"))).toBe(expected);
    expect(outcome(answers, request("connect", "tcp"))).toBe("denied");
    expect(outcome(answers, request("listen", "udp"))).toBe("denied");
  });

  test("what is no address is denied", () => {
    for (const length of [0, 3, 5, 15, 17]) {
      const request: Request = {
        class: "address",
        operation: "listen",
        protocol: "tcp",
        address: new Uint8Array(length),
        port: 8080,
      };
      expect(outcome(rules, request)).toBe("denied");
    }
  });
});

describe("tokens", () => {
  test("a system call that no domain is given is denied, whatever rule names it", () => {
    const mounts: Request = { class: "syscall", name: "mount" };
    const named = policy({ syscalls: [token("allow", "mount")] });
    expect(decide(named, mounts)).toEqual({ outcome: "denied", by: null, reason: "never" });
    expect(decide(policy({}), mounts)).toMatchObject({ outcome: "denied", reason: "no-rule" });
  });

  test("denied system calls, capabilities, IPC kinds and descriptors are taken away", () => {
    const rules = policy({
      syscalls: [token("allow", "read"), token("allow", "ptrace"), token("deny", "ptrace")],
      capabilities: [token("deny", "chown"), token("allow", "chown"), token("allow", "kill")],
      ipc: [token("allow", "shm"), token("allow", "sem"), token("deny", "sem")],
      inherit: [token("allow", "stdio")],
    });
    const outcomes = [
      { class: "syscall", name: "read" },
      { class: "syscall", name: "ptrace" },
      { class: "capability", name: "kill" },
      { class: "capability", name: "chown" },
      { class: "ipc", kind: "shm" },
      { class: "ipc", kind: "sem" },
      { class: "inherit", kind: "stdio" },
      { class: "inherit", kind: "listen" },
    ].map((request) => outcome(rules, request as Request));
    expect(outcomes).toEqual([
      "granted",
      "denied",
      "granted",
      "denied",
      "granted",
      "denied",
      "granted",
      "denied",
    ]);
  });

  test("socket families by protocol, or whole", () => {
    const rules = policy({
      sockets: [
        { effect: "allow", family: "netlink", protocol: null, source: source("netlink *") },
        { effect: "deny", family: "netlink", protocol: 9, source: source("deny netlink audit") },
        { effect: "allow", family: "raw", protocol: 1, source: source("raw icmp") },
      ],
    });
    const ask = (family: "netlink" | "raw" | "packet" | "other", protocol: number) =>
      outcome(rules, { class: "socket", family, protocol });
    expect([ask("netlink", 0), ask("netlink", 9), ask("raw", 1), ask("raw", 6)]).toEqual([
      "granted",
      "denied",
      "granted",
      "denied",
    ]);
    expect([ask("packet", 0), ask("other", 0)]).toEqual(["denied", "denied"]);
  });

  test("signals: the own domain always, others by name, `any` for all, deny beats allow", () => {
    const signal = (domain: string): Request => ({ class: "signal", domain });
    const rules = policy({
      name: "web",
      signals: [token("allow", "any"), token("deny", "db"), token("deny", "web")],
    });
    expect(outcome(rules, signal("web"))).toBe("granted");
    expect(outcome(rules, signal("superDom"))).toBe("granted");
    expect(outcome(rules, signal("db"))).toBe("denied");
    expect(outcome(policy({ signals: [token("allow", "db")] }), signal("db"))).toBe("granted");
    expect(outcome(policy({ signals: [token("allow", "db")] }), signal("superDom"))).toBe("denied");
  });
});
