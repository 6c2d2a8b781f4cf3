import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isWordSection, sectionOfClass, wordKinds, wordSections } from "../../src/kinds/model.ts";
import { effectOf } from "../../src/model/change.ts";
import { decide } from "../../src/model/decide.ts";
import { difference } from "../../src/model/difference.ts";
import { parseAddress } from "../../src/model/network.ts";
import type { Policy } from "../../src/model/policy.ts";
import type { Request } from "../../src/model/request.ts";
import { alikePolicies, policies, udpPolicies } from "./helpers/policies.ts";
import { names, policy, source } from "./helpers/policy.ts";
import { requests } from "./helpers/requests.ts";

const shortName = fc
  .array(fc.constantFrom("a", "b", "ab", "."), { minLength: 1, maxLength: 2 })
  .map((components) => `/${components.join("/")}`);

const nearName: fc.Arbitrary<Request> = fc.record({
  class: fc.constant("name" as const),
  operation: fc.constantFrom("read", "write", "create", "execute", "connect"),
  path: shortName,
});

const place = {
  address: fc
    .constantFrom("0.0.0.0", "9.0.0.1", "10.0.0.1", "10.128.0.1", "127.0.0.1", "::1", "2001::1")
    .map((text) => parseAddress(text) as Uint8Array),
  port: fc.constantFrom(0, 1, 30, 53, 54, 80, 443, 65_535),
};

const nearAnswer: fc.Arbitrary<Request> = fc.record({
  class: fc.constant("address" as const),
  operation: fc.constant("connect" as const),
  protocol: fc.constant("udp" as const),
  ...place,
  answersFrom: fc.record(place),
});

/** About names and addresses that the generated rules often name. */
const near: fc.Arbitrary<Request> = fc.oneof(
  nearName,
  fc.record({
    class: fc.constant("two-names" as const),
    operation: fc.constantFrom("rename", "link"),
    from: shortName,
    to: shortName,
    directory: fc.boolean(),
    replaces: fc.boolean(),
  }),
  fc.record({
    class: fc.constant("address" as const),
    operation: fc.constantFrom("connect", "listen"),
    protocol: fc.constantFrom("tcp", "udp"),
    ...place,
  }),
  nearAnswer,
);

const every = fc.oneof(...(Object.values(requests) as fc.Arbitrary<Request>[]));
const request: fc.Arbitrary<Request> = fc.oneof({ weight: 3, arbitrary: near }, every);

/** Kinds of rules, as a difference is told: renames and links follow from single names. */
function kindOf({ class: name }: Request): string {
  return name === "two-names" ? "name" : name;
}

function lines(a: Partial<Policy>, b: Partial<Policy>): readonly string[] {
  return difference(policy(a), policy(b)).changes.map(
    ({ effect, line, isPart }) => `${effect} ${isPart ? "part of " : ""}${line}`,
  );
}

describe("generated policies", () => {
  test("what is decided differently is reported of that kind", () => {
    let differing = 0;
    fc.assert(
      fc.property(
        alikePolicies,
        fc.array(request, { minLength: 40, maxLength: 80 }),
        ([a, b], asked) => {
          const { changes } = difference(a, b);
          for (const one of asked) {
            const effect = effectOf(decide(a, one), decide(b, one));
            if (effect === null) continue;
            differing++;
            const told = changes.filter(({ example }) => kindOf(example) === kindOf(one));
            // A rename that is newly allowed can come from a name that is newly denied.
            const alike = told.filter((change) => change.effect === effect);
            expect(one.class === "two-names" ? told : alike, JSON.stringify(one)).not.toEqual([]);
          }
        },
      ),
      { numRuns: 100 },
    );
    expect(differing).toBeGreaterThan(100);
  });

  test("answers that are decided differently are reported, where nothing else is", () => {
    let differing = 0;
    const alone = fc.record({ udp: udpPolicies, asked: fc.array(nearAnswer, { minLength: 80 }) });
    fc.assert(
      fc.property(alone, ({ udp: [a, b], asked }) => {
        const effects = difference(a, b).changes.map(({ effect }) => effect);
        for (const one of asked) {
          const effect = effectOf(decide(a, one), decide(b, one));
          if (effect === null) continue;
          differing++;
          expect(effects, JSON.stringify(one)).toContain(effect);
        }
      }),
      { numRuns: 200 },
    );
    expect(differing).toBeGreaterThan(500);
  });

  test("every example is decided differently, as it is told", () => {
    let examples = 0;
    fc.assert(
      fc.property(alikePolicies, ([a, b]) => {
        for (const { effect, example } of difference(a, b).changes) {
          expect(effectOf(decide(a, example), decide(b, example)), JSON.stringify(example)).toBe(
            effect,
          );
          examples++;
        }
      }),
      { numRuns: 100 },
    );
    expect(examples).toBeGreaterThan(300);
  });

  test("a line that is no part is decided differently as a whole", () => {
    fc.assert(
      fc.property(alikePolicies, fc.array(nearName, { maxLength: 80 }), ([a, b], asked) => {
        for (const change of difference(a, b).changes) {
          if (change.isPart || change.section !== "files") continue;
          const alone = policy({ names: names(change.line) });
          for (const one of asked) {
            if (decide(alone, one).outcome === "denied") continue;
            expect(effectOf(decide(a, one), decide(b, one))).toBe(change.effect);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  test("order and duplicates make no difference", () => {
    fc.assert(
      fc.property(policies, (a) => {
        const turned = Object.entries(a).map(([key, value]) =>
          Array.isArray(value) ? [key, [...value, ...value].reverse()] : [key, value],
        );
        const none = { settings: [], changes: [] };
        expect(difference(a, Object.fromEntries(turned) as Policy)).toEqual(none);
      }),
      { numRuns: 50 },
    );
  });

  test("the reverse comparison tells the reverse", () => {
    fc.assert(
      fc.property(alikePolicies, ([a, b]) => {
        const there = difference(a, b).changes.map(({ effect, line }) => `${effect} ${line}`);
        const back = difference(b, a).changes.map(
          ({ effect, line }) => `${effect === "allowed" ? "denied" : "allowed"} ${line}`,
        );
        expect([...back].sort()).toEqual([...there].sort());
      }),
      { numRuns: 50 },
    );
  });
});

describe("names", () => {
  test("a rule that another one covers, and a pattern written out, make no difference", () => {
    expect(
      lines(
        { names: names("r /srv/**", "rw /srv/{a,b}") },
        { names: names("w /srv/b", "r /srv/** /srv/x", "w /srv/a") },
      ),
    ).toEqual([]);
  });

  test("the widest grant is told whole, and the others not again", () => {
    expect(lines({}, { names: names("r /srv/www/a", "r /srv/www/**", "rw /srv/www/b") })).toEqual([
      "allowed r /srv/www/**",
      "allowed w /srv/www/b",
    ]);
  });

  test("a grant that was partly there is told as a part, with a name that is new", () => {
    const [a, b] = [policy({ names: names("r /etc/n/**") }), policy({ names: names("r /etc/**") })];
    const [change, ...more] = difference(a, b).changes;
    expect(more).toEqual([]);
    expect(change).toMatchObject({ effect: "allowed", line: "r /etc/**", isPart: true });
    expect(change?.example).toEqual({ class: "name", operation: "read", path: "/etc" });
  });

  test("a denial that went away is told by its own pattern", () => {
    expect(
      lines(
        { names: names("r /srv/**", "deny r /srv/key*") },
        { names: names("r /srv/**", "deny w /srv/x") },
      ),
    ).toEqual(["allowed r /srv/key*"]);
  });

  test("executing needs reading: `x` alone is no new grant, `r` beside it is two", () => {
    expect(lines({}, { names: names("x /bin/a") })).toEqual([]);
    expect(lines({ names: names("x /bin/a") }, { names: names("x /bin/a", "r /bin/a") })).toEqual([
      "allowed rx /bin/a",
    ]);
  });

  test("`x` alone makes a difference to links, which is told by one", () => {
    const before = { names: names("c /a/**", "r /a/b", "x /a/c", "r /a/c") };
    const after = { names: [...before.names, ...names("x /a/d", "x /a/b", "deny r /a/b")] };
    expect(lines({ names: names("c /a /b", "x /b") }, { names: names("c /a /b") })).toEqual([
      expect.stringMatching(/^allowed part of link \S+ \/b$/),
    ]);
    expect(lines(before, after)).toEqual(["denied r /a/b"]);
  });

  test("sockets have lines of their own", () => {
    expect(lines({}, { names: names("connect unix /run/x", "listen unix @y*") })).toEqual([
      "allowed listen unix @y*",
      "allowed connect unix /run/x",
    ]);
  });
});

describe("addresses", () => {
  const loaded = (text: string) => {
    const [operation, protocol, place] = text.split(" ") as ["connect", "tcp", string];
    const [host, port] = place.split(":") as [string, string];
    const [address, prefix] = host.split("/") as [string, string];
    const [first, last = first] = port.split("-") as [string, string?];
    return {
      effect: "allow" as const,
      operation,
      protocol,
      network:
        host === "*"
          ? null
          : {
              family: 4 as const,
              address: Uint8Array.from(address.split("."), Number),
              prefix: Number(prefix),
            },
      ports: { first: Number(first), last: Number(last) },
      source: source(text),
    };
  };
  const rules = (...texts: string[]) => ({ addresses: texts.map(loaded) });

  test("a network in halves and a range in pieces make no difference", () => {
    expect(
      lines(
        rules("connect tcp 10.0.0.0/8:80-90"),
        rules(
          "connect tcp 10.0.0.0/9:80-90",
          "connect tcp 10.128.0.0/9:80-85",
          "connect tcp 10.128.0.0/9:86-90",
        ),
      ),
    ).toEqual([]);
  });

  test("only the new ports are told, and of a network that holds an old one a part", () => {
    expect(lines(rules("connect tcp *:80"), rules("connect tcp *:80-82"))).toEqual([
      "allowed connect tcp 81-82",
    ]);
    expect(lines(rules("connect tcp 10.0.0.0/8:80"), rules("connect tcp *:80"))).toEqual([
      "allowed part of connect tcp 80",
    ]);
    expect(lines(rules("connect tcp *:80"), rules("connect tcp 0.0.0.0/0:80"))).toEqual([
      "denied connect tcp [::/0]:80",
    ]);
  });
});

describe("answers over UDP", () => {
  const rule = (effect: "allow" | "deny", operation: "connect" | "listen", port: number) => ({
    ...{ effect, operation, protocol: "udp" as const, network: null },
    ...{ ports: { first: port, last: port }, source: source("generated") },
  });
  const server = rule("allow", "listen", 53);
  const without = { addresses: [server] };
  const denying = { addresses: [server, rule("deny", "connect", 4000)] };

  test("a `deny connect udp` that goes lets them go to its peers, a new one does not", () => {
    expect(lines(denying, without)).toEqual(["allowed answer udp 4000"]);
    expect(lines(without, denying)).toEqual(["denied answer udp 4000"]);
    const [change] = difference(policy(denying), policy(without)).changes;
    expect(change?.example).toMatchObject({ port: 4000, answersFrom: { port: 53 } });
  });

  test("without a socket that may listen there are none", () => {
    expect(lines({ addresses: denying.addresses.slice(1) }, {})).toEqual([]);
    expect(lines(denying, {})).toEqual(["denied listen udp 53"]);
    expect(lines({ addresses: denying.addresses.slice(1) }, without)).toEqual([
      "allowed listen udp 53",
    ]);
  });

  test("a peer to which the daemon may newly connect is told by that line", () => {
    const connecting = { addresses: [server, rule("allow", "connect", 4000)] };
    expect(lines(denying, connecting)).toEqual(["allowed connect udp 4000"]);
    expect(lines(connecting, denying)).toEqual(["denied connect udp 4000"]);
  });
});

describe("words", () => {
  test.each(wordSections)("%s: a word that is granted, and one that is denied again", (section) => {
    const { words } = wordKinds[section];
    const word = words?.[0] ?? "kill";
    const rule = (effect: "allow" | "deny") => ({ effect, token: word, source: source(word) });
    const granting = policy({ [section]: [rule("allow")] });
    const denying = policy({ [section]: [rule("allow"), rule("deny")] });
    const [change, ...more] = difference(policy(), granting).changes;
    expect(more).toEqual([]);
    expect(change).toMatchObject({ effect: "allowed", section, line: word });
    expect(sectionOfClass(change?.example.class ?? "")).toBe(section);
    expect(isWordSection(change?.section ?? "")).toBe(true);
    expect(difference(granting, denying).changes).toMatchObject([{ effect: "denied" }]);
    expect(difference(policy(), denying).changes).toEqual([]);
  });

  test("signals: `any` is told beside the domains that are named", () => {
    const any = { effect: "allow", token: "any", source: source("any") } as const;
    expect(lines({}, { signals: [any] })).toEqual(["allowed any"]);
  });
});

describe("settings", () => {
  test("each is told with what only one policy has; name and summary are none", () => {
    const a = policy({ user: "www", entries: [{ kind: "exec", path: "/a" }] });
    const b = policy({
      ...{ name: "other", summary: "another", level: "warning", coreDumps: "allowed" },
      entries: [
        { kind: "exec", path: "/a" },
        { kind: "unit", unit: "b.service", outside: ["ExecStop"] },
      ],
      transitions: [{ path: "/usr/bin/x", into: "mail", source: source("") }],
    });
    expect(difference(a, b).settings).toEqual([
      { setting: "level", before: ["enforcing"], after: ["warning"] },
      { setting: "enter", before: [], after: ["unit b.service without ExecStop"] },
      { setting: "transitions", before: [], after: ["/usr/bin/x -> mail"] },
      { setting: "user", before: ["www"], after: ["the caller's"] },
      { setting: "core-dumps", before: ["none"], after: ["allowed"] },
    ]);
  });
});
