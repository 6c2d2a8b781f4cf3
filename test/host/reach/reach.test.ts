import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Control, controls, OUTSIDE } from "../../../src/host/reach/hop.ts";
import { type Hop, reach } from "../../../src/host/reach/reach.ts";
import { decide } from "../../../src/model/decide.ts";
import type { PermissionName } from "../../../src/model/permission.ts";
import type { AddressRule, Level, Policy } from "../../../src/model/policy.ts";
import { memorySnapshot, type TreeEntry } from "../../model/helpers/memory-snapshot.ts";
import { names, policy, source } from "../../model/helpers/policy.ts";

interface Scene {
  readonly domains: Readonly<Record<string, Partial<Policy>>>;
  readonly tree?: Readonly<Record<string, TreeEntry>>;
  readonly levels?: Readonly<Record<string, Level>>;
}

function reachedFrom(start: string, { domains, tree = {}, levels = {} }: Scene) {
  return reach(start, {
    domains: Object.entries(domains).map(([domain, parts]) => ({
      name: domain,
      level: levels[domain] ?? "enforcing",
      policy: policy({ name: domain, ...parts }),
    })),
    snapshot: memorySnapshot(tree),
    addresses: ["127.0.0.1", "::1", "192.0.2.7"],
  });
}

/** `a > b code`, one for each hop. */
function hops(start: string, scene: Scene): readonly string[] {
  return reachedFrom(start, scene).hops.map(
    ({ from, to, control }) => `${from} > ${to} ${control}`,
  );
}

function only(start: string, to: string, scene: Scene): Hop {
  const [hop, ...more] = reachedFrom(start, scene).hops.filter((one) => one.from === start);
  expect([hop?.to, more]).toEqual([to, []]);
  return hop as Hop;
}

function address(text: string, deny = false): AddressRule {
  const [operation, protocol, ports] = text.split(" ") as ["connect" | "listen", "tcp", string];
  const [first = "", last = first] = ports.split("-");
  return {
    ...{ effect: deny ? "deny" : "allow", operation, protocol, network: null },
    ...{ ports: { first: Number(first), last: Number(last) }, source: source(text) },
  };
}

describe("files", () => {
  test("writing what another one executes or loads controls code, what it reads data", () => {
    const web = { names: names("rw /srv/**") };
    const use = (line: string) => hops("web", { domains: { web, other: { names: names(line) } } });
    expect(use("rx /srv/run")).toEqual(["web > other code"]);
    expect(use("rm /srv/lib.so")).toEqual(["web > other code"]);
    expect(use("r /srv/conf")).toEqual(["web > other data"]);
    // Executing is reading, too.
    expect(use("x /srv/run")).toEqual([]);
    expect(use("r /opt/conf")).toEqual([]);
  });

  test("a hop names both grants and a name, one of this host if there is one", () => {
    const domains = {
      web: { names: names("rwc /srv/**", "deny wc /srv/app/a") },
      app: { names: names("rx /srv/app/*", "r /etc/app") },
    };
    const made = only("web", "app", { domains });
    expect(made.ways).toMatchObject([{ witness: "/srv/app/b", exists: false }]);
    const tree = { "/srv/app": "directory", "/srv/app/start": "file", "/srv/x": "file" } as const;
    expect(only("web", "app", { domains, tree }).ways).toEqual([
      {
        ...{ control: "code", how: "may write /srv/app/start, which app may execute" },
        ...{ witness: "/srv/app/start", exists: true },
        ...{ mine: source("rwc /srv/**"), theirs: source("rx /srv/app/*") },
      },
    ]);
  });

  test("a directory itself is nothing that is written", () => {
    const domains = { a: { names: names("rw /srv/x") }, b: { names: names("r /srv/x/**") } };
    expect(hops("a", { domains })).toEqual(["a > b data"]);
    expect(hops("a", { domains, tree: { "/srv/x": "directory" } })).toEqual([]);
  });

  test("a denial on either side closes the way", () => {
    const scene = (web: string[], app: string[]) => ({
      domains: { web: { names: names(...web) }, app: { names: names(...app) } },
    });
    expect(hops("web", scene(["w /srv/a"], ["r /srv/*"]))).toEqual(["web > app data"]);
    expect(hops("web", scene(["w /srv/a"], ["r /srv/*", "deny r /srv/a"]))).toEqual([]);
    expect(hops("web", scene(["w /srv/*", "deny w /srv/a"], ["r /srv/a"]))).toEqual([]);
  });

  test("the process's own entries and devices that keep nothing join no two domains", () => {
    const both = { names: names("rw /dev/null /proc/self/** /sys/kernel/x") };
    expect(
      hops("a", { domains: { a: both, b: both } }).filter((hop) => !hop.includes(OUTSIDE)),
    ).toEqual([]);
  });

  test("removing what another one reads can stop it", () => {
    const domains = { a: { names: names("d /srv/*") }, b: { names: names("r /srv/pid") } };
    expect(hops("a", { domains })).toEqual(["a > b stop"]);
  });
});

describe("outside every domain", () => {
  test.each([
    ["w /etc/cron.d/**", "code"],
    ["c /etc/systemd/system/**", "code"],
    ["w /etc/ld.so.preload", "code"],
    ["rwc /usr/local/bin/*", "code"],
    ["w /root/.ssh/authorized_keys", "code"],
    ["w /etc/sudoers.d/*", "code"],
    ["w /usr/lib/x86_64-linux-gnu/libc.so.6", "code"],
    ["rw /dev/sda1", "code"],
    ["connect unix /run/docker.sock", "code"],
    ["connect unix /run/dbus/system_bus_socket", "talk"],
    ["connect unix @some", "talk"],
    ["w /etc/motd", "data"],
  ] as const)("%s: %s", (line, control) => {
    const scene = { domains: { web: { names: names(line) } } };
    expect(hops("web", scene)).toEqual([`web > ${OUTSIDE} ${control}`]);
  });

  test("a domain's own folder and log, and a socket that a domain binds, are not outside", () => {
    const web = { names: names("rwcda /var/lib/web/**", "wc /var/log/web/**", "rwi /dev/null") };
    expect(hops("web", { domains: { web } })).toEqual([]);
    const asking = { names: names("connect unix /run/db.sock") };
    const db = { names: names("listen unix /run/*.sock") };
    expect(hops("web", { domains: { web: asking, db } })).toEqual([
      "web > db talk",
      "db > web talk",
    ]);
  });

  test("signals to any process and strong capabilities", () => {
    const rule = (token: string) => ({ effect: "allow", token, source: source(token) }) as const;
    expect(hops("a", { domains: { a: { signals: [rule("any")] } } })).toEqual([
      `a > ${OUTSIDE} stop`,
    ]);
    expect(
      hops("a", { domains: { a: { capabilities: [rule("sys_admin"), rule("chown")] } } }),
    ).toEqual([`a > ${OUTSIDE} code`]);
  });

  test("a domain below enforcing is outside as good as", () => {
    const domains = { a: { names: names("w /x") }, b: { names: names("r /x") } };
    expect(hops("a", { domains, levels: { b: "warning" } })).toEqual([
      "a > b data",
      `b > ${OUTSIDE} code`,
    ]);
  });
});

describe("sockets, signals, transitions", () => {
  test("only outside every domain does a server run programs for its clients", () => {
    const a = { names: names("connect unix /run/x") };
    const b = { names: names("rx /run/x", "listen unix /run/x") };
    expect(only("a", "b", { domains: { a, b } }).ways.map(({ control }) => control)).toEqual([
      "talk",
    ]);
  });

  test("a client and a listener can talk, both ways", () => {
    const client = { names: names("connect unix @bus1") };
    const server = { names: names("listen unix @bus*") };
    const domains = { client, server };
    expect(hops("client", { domains })).toEqual(["client > server talk", "server > client talk"]);
    expect(only("server", "client", { domains }).ways[0]?.how).toBe(
      "may bind @bus1, to which client may connect",
    );
  });

  test("ports: those that both grant, without what one of them denies", () => {
    const scene = (connects: AddressRule[], listens: AddressRule[]) => ({
      domains: { a: { addresses: connects }, b: { addresses: listens } },
    });
    const hop = only("a", "b", scene([address("connect tcp 1-1000")], [address("listen tcp 80")]));
    expect(hop.ways.map(({ witness }) => witness)).toEqual(["127.0.0.1:80"]);
    expect(hop.ways[0]).toMatchObject({ mine: source("connect tcp 1-1000"), control: "talk" });
    const denied = [address("connect tcp 1-1000"), address("connect tcp 80", true)];
    expect(hops("a", scene(denied, [address("listen tcp 80")]))).toEqual([]);
    expect(hops("a", scene([address("connect tcp 80")], [address("listen udp 80")]))).toEqual([]);
  });

  test("only another address of this host: not loopback, but its own", () => {
    const network = { family: 4, address: Uint8Array.of(192, 0, 2, 0), prefix: 24 } as const;
    const lan = { ...address("connect tcp 80"), network };
    const far = { ...lan, network: { ...network, address: Uint8Array.of(198, 51, 100, 0) } };
    const b = { addresses: [address("listen tcp 80")] };
    expect(only("a", "b", { domains: { a: { addresses: [lan] }, b } }).ways[0]?.witness).toBe(
      "192.0.2.7:80",
    );
    expect(hops("a", { domains: { a: { addresses: [far] }, b } })).toEqual([]);
  });

  test("signals stop, and nothing is reached through what is only stopped", () => {
    const signals = [{ effect: "allow", token: "b", source: source("b") }] as const;
    const domains = {
      a: { signals },
      b: { names: names("w /etc/cron.d/x") },
    };
    expect(hops("a", { domains })).toEqual(["a > b stop"]);
  });

  test("a transition starts a program in the other domain", () => {
    const transitions = [{ path: "/usr/sbin/sendmail", into: "mail", source: source("t") }];
    expect(hops("a", { domains: { a: { transitions }, mail: {} } })).toEqual(["a > mail data"]);
  });
});

test("hop by hop, each domain by its shortest way, and circles end", () => {
  const domains = {
    a: { names: names("w /b", "r /d") },
    b: { names: names("r /b", "w /c") },
    c: { names: names("rx /c", "w /d", "w /e") },
    e: { names: names("r /e /b") },
  };
  const { reached } = reachedFrom("a", { domains });
  expect(reached.map(({ domain, hops: far, from }) => [domain, far, from])).toEqual([
    ["a", 0, null],
    ["b", 1, "a"],
    ["e", 1, "a"],
    ["c", 2, "b"],
  ]);
});

test("a longer way in counts more than a shorter one that only stops", () => {
  const domains = {
    a: { names: names("w /b"), signals: [{ effect: "allow", token: "c", source: source("c") }] },
    b: { names: names("r /b", "w /c") },
    c: { names: names("r /c", "w /d") },
    d: { names: names("r /d") },
  } as const;
  const { reached } = reachedFrom("a", { domains });
  expect(reached.map(({ domain, hops: far, from }) => [domain, far, from])).toEqual([
    ["a", 0, null],
    ["b", 1, "a"],
    ["c", 2, "b"],
    ["d", 3, "c"],
  ]);
});

/** What the generated rules often name. */
const shortName = fc
  .array(fc.constantFrom("a", "b", "ab"), { minLength: 1, maxLength: 2 })
  .map((components) => `/${components.join("/")}`);

const someRules = fc
  .array(
    fc.tuple(
      fc.constantFrom("", "", "deny "),
      fc.constantFrom("r", "w", "rw", "rx", "x", "rm", "c", "d", "rwcdxmai"),
      fc.constantFrom("/**", "/*", "/a", "/a/**", "/b*", "/{a,b}/*", "/[!a]*", "/ab/a"),
    ),
    { minLength: 2, maxLength: 6 },
  )
  .map((lines) => names(...lines.map(([deny, letters, text]) => `${deny}${letters} ${text}`)));

const strength = (control: Control) => controls.indexOf(control);

test("generated: what one writes and the other reads is a hop, and a witness is no lie", () => {
  let open = 0;
  const ask = (rules: Policy["names"], operation: PermissionName, path: string) =>
    decide(policy({ names: rules }), { class: "name", operation, path }).outcome === "granted";
  fc.assert(
    fc.property(
      someRules,
      someRules,
      fc.array(shortName, { minLength: 20, maxLength: 40 }),
      (a, b, paths) => {
        const result = reachedFrom("a", { domains: { a: { names: a }, b: { names: b } } });
        const hop = result.hops.find(({ from, to }) => from === "a" && to === "b");
        for (const path of paths) {
          if (!ask(a, "write", path) || !ask(b, "read", path)) continue;
          open++;
          expect(strength(hop?.control ?? "stop")).toBeLessThanOrEqual(strength("data"));
        }
        for (const { control, witness } of hop?.ways ?? []) {
          const path = witness ?? "";
          const writes = ask(a, "write", path) || ask(a, "create", path);
          if (control === "code")
            expect(writes && (ask(b, "execute", path) || ask(b, "map", path))).toBe(true);
          if (control === "data") expect(writes && ask(b, "read", path)).toBe(true);
          if (control === "stop") expect(ask(a, "delete", path) && ask(b, "read", path)).toBe(true);
        }
      },
    ),
    { numRuns: 100 },
  );
  expect(open).toBeGreaterThan(50);
});
