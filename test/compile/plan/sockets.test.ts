import { chmodSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Judged } from "../../../src/compile/cgroup/programs.ts";
import type { CompileOptions } from "../../../src/compile/options.ts";
import type { AddressRule } from "../../../src/model/policy.ts";
import type { Plan } from "../../../src/plan/plan.ts";
import { address, anchor, host, planOf, policy, token, tree } from "./fixtures.ts";

const user = host(["cgroup-inet", "cgroup-unix", "private-ipc", "restrict-without-nnp"]);
const unix = ["connect unix /run/app.sock"];

test("without grants no socket is made, and the cgroup judges nothing", async () => {
  const asked: { judged: Judged | null }[] = [];
  const plan = await planOf(policy(), {
    prepareCgroup: (_, __, target) => {
      asked.push(target);
      return Promise.resolve({ anchor: "/sys/fs/cgroup/a", programs: [] });
    },
  });
  expect(plan.mediation.sockets).toEqual({ inet: "refused", unix: "refused" });
  expect(asked.map(({ judged }) => judged)).toEqual([null]);
  expect(plan.cgroup?.programs).toEqual([]);
  expect(plan.landlock?.handledNet).toBe(3n);
});

test("as root cgroup programs hold both families", async () => {
  const plan = await planOf(policy({ addresses: [address("connect", "udp", 53)], names: unix }));
  expect(plan.mediation.sockets).toEqual({ inet: "kernel", unix: "kernel" });
  expect(plan.cgroup).not.toBeNull();
});

test("the compiler asks for programs on unix names only where they hold them", async () => {
  const asked: unknown[] = [];
  const prepareCgroup = (_: unknown, __: unknown, target: unknown) => {
    asked.push(target);
    return Promise.resolve({
      anchor: "/sys/fs/cgroup/a",
      programs: [{ attachType: 10, tag: new Uint8Array(8) }],
    });
  };
  await planOf(policy({ addresses: [address("connect", "tcp", 80)] }), { prepareCgroup });
  await planOf(policy({ names: unix }), { prepareCgroup });
  const control = { level: "enforcing", number: null, generation: 0, table: 0 };
  const target = { domain: "test", cgroup2: "/sys/fs/cgroup", control };
  expect(asked).toEqual([
    { ...target, judged: "sockets", aliases: [] },
    { ...target, judged: "sockets-and-names", aliases: expect.any(Array) },
  ]);
});

test("as a user Landlock judges TCP ports for all addresses, the mediator the rest", async () => {
  const tcp = await planOf(
    policy({ addresses: [address("connect", "tcp", 443), address("listen", "tcp", 80)] }),
    {
      facts: user,
    },
  );
  expect(tcp.mediation.sockets.inet).toBe("kernel");
  expect(tcp.landlock?.ports).toEqual([
    { port: 80, rights: 1n },
    { port: 443, rights: 2n },
  ]);
  const network = { family: 4, address: Uint8Array.of(10, 0, 0, 0), prefix: 8 } as const;
  for (const narrower of [
    address("connect", "udp", 53),
    { ...address("connect", "tcp", 53), network },
    address("connect", "tcp", 1, 9999),
  ]) {
    expect(
      (await planOf(policy({ addresses: [narrower] }), { facts: user })).mediation.sockets.inet,
    ).toBe("broker");
  }
  expect((await planOf(policy({ names: unix }), { facts: user })).mediation.sockets.unix).toBe(
    "broker",
  );
});

test("every port granted needs no rule, and a denied port is not among Landlock's", async () => {
  const every = await planOf(policy({ addresses: [address("connect", "tcp", 0, 65535)] }));
  expect(every.landlock?.handledNet).toBe(1n);
  const deny = { ...address("connect", "tcp", 81), effect: "deny" as const };
  const some = await planOf(policy({ addresses: [address("connect", "tcp", 80, 82), deny] }));
  expect(some.landlock?.ports.map(({ port }) => port)).toEqual([80, 82]);
});

test("names that the domain can replace are not compared as text", async () => {
  const own = policy({ names: ["rwcd /run/app/**", "connect unix /run/app/peer.sock"] });
  expect((await planOf(own)).mediation.sockets.unix).toBe("broker");
  const elsewhere = policy({ names: ["rwcd /run/app/**", ...unix] });
  expect((await planOf(elsewhere)).mediation.sockets.unix).toBe("kernel");
  const above = policy({ names: ["cd /run/other", "connect unix /run/other/peer.sock"] });
  expect((await planOf(above)).mediation.sockets.unix).toBe("broker");
});

test("a pattern is compared as text where no link can match it", async () => {
  const { root, drop } = tree(["php/fpm.sock", "linked/peer -> /run/other", "open/"]);
  try {
    chmodSync(join(root, "open"), 0o1777);
    const plan = async (name: string) => await planOf(policy({ names: [`connect unix ${name}`] }));
    const mode = async (name: string) => (await plan(name)).mediation.sockets.unix;
    for (const held of [`${root}/php/*.sock`, `${root}/php/[ab].sock`, `${root}/later/*`])
      expect([held, await mode(held)]).toEqual([held, "kernel"]);
    expect(await mode("{/run/a,/run/b}")).toBe("kernel");
    expect(await mode("@session-*")).toBe("kernel");
    const why = async (name: string) =>
      (await plan(name)).mediation.report.layers.find((one) => one.name === "unix sockets")?.detail;
    expect(await why(`${root}/**`)).toMatch(/leaves a choice of folders/);
    expect(await why(`${root}/*/x`)).toMatch(/leaves a choice of folders/);
    expect(await why(`${root}/linked/*`)).toMatch(/may match a link, as \S*\/linked\/peer is one/);
    for (const open of [`${root}/open/*`, `${root}/open/later/*`])
      expect(await why(open)).toMatch(/every user may make one in \S*\/open/);
    // A link that comes later makes the plan stale.
    const { facts } = await plan(`${root}/php/*.sock`);
    expect(facts.some((fact) => fact.kind === "node" && fact.path === `${root}/php`)).toBe(true);
  } finally {
    drop();
  }
});

test("without anywhere to send a datagram, the broker is asked about no message", async () => {
  const asks = async (names: readonly string[], ...addresses: ReturnType<typeof address>[]) => {
    const calls = ["sendmsg", "sendmmsg", "sendto", "connect", "socket"] as const;
    const syscalls = calls.map((call) => token(call));
    const plan = await planOf(policy({ names, addresses, syscalls }), { facts: user });
    return plan.mediation.report.brokered.flatMap(({ call }) => call.split(", "));
  };
  const listening = await asks(["listen unix /run/app.sock"]);
  expect(listening).toEqual(expect.arrayContaining(["connect", "sendto"]));
  expect(listening).not.toContain("sendmsg");
  expect(await asks(["connect unix /run/app.sock"])).toContain("sendmsg");
  const network = { family: 4, address: Uint8Array.of(10, 0, 0, 0), prefix: 8 } as const;
  expect(await asks([], { ...address("connect", "tcp", 80), network })).not.toContain("sendmsg");
  expect(await asks([], address("connect", "udp", 53))).toContain("sendmsg");
});

test("as a user a domain with UDP to everywhere asks about no message or connection", async () => {
  const calls = ["sendmsg", "sendmmsg", "sendto", "connect", "bind", "socket"] as const;
  const syscalls = calls.map((call) => token(call));
  const everywhere = address("connect", "udp", 0, 65_535);
  const network = { family: 4, address: Uint8Array.of(10, 0, 0, 0), prefix: 8 } as const;
  const asks = async (addresses: readonly AddressRule[], names: readonly string[] = []) => {
    const plan = await planOf(policy({ names, addresses, syscalls }), { facts: user });
    return plan.mediation.report.brokered.flatMap(({ call }) => call.split(", "));
  };
  const tcp = [address("connect", "tcp", 443), address("listen", "tcp", 80)];
  const bound = address("listen", "udp", 53);
  for (const addresses of [[everywhere], [everywhere, bound], [everywhere, bound, ...tcp]]) {
    const asked = await asks(addresses);
    expect(asked).toContain("bind");
    for (const call of ["sendmsg", "sendmmsg", "sendto", "connect"])
      expect(asked).not.toContain(call);
  }
  const narrower: [readonly AddressRule[], readonly string[]][] = [
    [[bound], []],
    [[{ ...everywhere, network }], []],
    [[everywhere, { ...everywhere, effect: "deny", network }], []],
    [[everywhere, { ...address("connect", "tcp", 80), network }], []],
    [[everywhere], ["connect unix /run/app.sock"]],
    [[everywhere], ["listen unix /run/app.sock"]],
  ];
  for (const [addresses, names] of narrower)
    expect(await asks(addresses, names)).toEqual(expect.arrayContaining(["sendmsg", "connect"]));
  const { landlock, mediation } = await planOf(policy({ addresses: [everywhere, ...tcp] }), {
    facts: user,
  });
  expect(mediation.sockets.inet).toBe("kernel");
  expect(
    landlock?.ports.map(({ port }) => port),
    "TCP is Landlock's",
  ).toEqual([80, 443]);
});

test("names through links are passed on with their targets, and the links are facts", async () => {
  const { root, drop } = tree(["real/app.sock", "short -> real"]);
  try {
    let aliases: unknown;
    const prepareCgroup: CompileOptions["prepareCgroup"] = (_policy, _automaton, target) => {
      aliases = target.aliases;
      return Promise.resolve(anchor);
    };
    const plan = await planOf(policy({ names: [`connect unix ${root}/short/{app,no}.sock`] }), {
      prepareCgroup,
    });
    expect(aliases).toContainEqual({
      written: `${root}/short/app.sock`,
      canonical: `${root}/real/app.sock`,
      links: [`${root}/short`],
    });
    expect(plan.facts).toContainEqual(
      expect.objectContaining({ kind: "node", path: `${root}/short` }),
    );
  } finally {
    drop();
  }
});

test("a process that may chroot gives names another meaning", async () => {
  const chroot = policy({
    names: unix,
    syscalls: [token("chroot")],
    capabilities: [token("sys_chroot")],
  });
  expect((await planOf(chroot)).mediation.sockets.unix).toBe("broker");
});

test("what becomes of answers over UDP is said, where the policy needs it", async () => {
  const said = async (facts: typeof user, ...more: Parameters<typeof policy>[0][]) => {
    const addresses = [address("listen", "udp", 53)];
    const plan = await planOf(policy(Object.assign({ addresses }, ...more)), { facts });
    const { layers } = plan.mediation.report;
    return layers.find(({ name }) => name === "internet sockets")?.detail;
  };
  const root = host();
  expect(await said(root)).toMatch(/a socket on a port of `listen udp` may answer/);
  const asked = /so answers over UDP take `connect udp`, too/;
  expect(await said(user)).toMatch(asked);
  const own = { names: ["rwcd /run/app/**", "connect unix /run/app/peer.sock"] };
  expect(await said(root, own)).toMatch(/the mediator judges sends first/);
  expect(await said(root, own)).toMatch(asked);
  expect(await said(root, { addresses: [address("listen", "tcp", 53)] })).not.toMatch(/answer/);
});

test("activation sockets cost a filter that asks only where a run is given some", async () => {
  const activated = (...addresses: ReturnType<typeof address>[]) =>
    policy({ names: unix, inherit: [token("listen")], addresses });
  const detail = (plan: Plan) =>
    plan.mediation.report.layers.find(({ name }) => name === "activation sockets")?.detail;
  const free = await planOf(activated(address("connect", "udp", 53)));
  expect(free.mediation.sockets).toEqual({ inet: "kernel", unix: "kernel" });
  expect(free.seccomp?.tcpHeld).toBe(true);
  expect(detail(free)).toMatch(/Unix streams and TCP cost nothing.*unit cost nothing either/);
  expect(detail(free)).toMatch(/unix datagrams, or UDP that was made elsewhere .* us more/);
  const network = { family: 4, address: Uint8Array.of(10, 0, 0, 0), prefix: 8 } as const;
  const byAddress = await planOf(activated({ ...address("connect", "tcp", 80), network }));
  expect(byAddress.seccomp?.tcpHeld).toBeUndefined();
  expect(detail(byAddress)).toMatch(
    /or UDP or TCP \(the policy grants it by address\) that was made elsewhere/,
  );
  for (const plan of [free, byAddress])
    expect(plan.seccomp?.asking).not.toEqual(plan.seccomp?.filter);
  expect((await planOf(policy({ names: unix }))).seccomp?.asking).toBeUndefined();
});

test("the abstract scope is set unless an abstract name is granted", async () => {
  expect((await planOf(policy())).landlock?.scoped).toBe(3n);
  expect((await planOf(policy({ names: ["connect unix @bus"] }))).landlock?.scoped).toBe(2n);
  expect((await planOf(policy({ names: ["connect unix {/run/bus,@bus}"] }))).landlock?.scoped).toBe(
    2n,
  );
  expect((await planOf(policy({ signals: [token("any")] }))).landlock?.scoped).toBe(1n);
});
