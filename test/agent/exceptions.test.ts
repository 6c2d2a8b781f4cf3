import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { EXCEPTION_SECONDS_MAX, EXCEPTIONS_MAX } from "../../src/agent/exceptions/exceptions.ts";
import { judgeException } from "../../src/agent/exceptions/judge.ts";
import { type Exception, readExceptions, writeExceptions } from "../../src/domains/exceptions.ts";
import { lastingFor, levelClock } from "../../src/domains/level-clock.ts";
import { load, usablePolicies } from "../../src/host/load.ts";
import { decodePlan } from "../../src/plan/decode.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { needsRoot } from "../support/skip.ts";
import { policyText, ScratchHost } from "./scratch-host.ts";

/** Less than the agent waits between two looks at the clocks. */
const WAIT_MS_MAX = 20_000;
const why = "a test";
let host: ScratchHost;
beforeEach((context) => {
  needsRoot(context);
  host = new ScratchHost();
  host.policy("alpha", `${policyText("r /srv/alpha/**")}`);
});
afterEach(async () => {
  await host?.remove();
});

const add = (domain: string, grant: string, more: Record<string, unknown> = {}) =>
  host.ask("POST", `/domains/${domain}/exceptions`, { grant, seconds: 3_600, why, ...more });
const end = (domain: string, body: Record<string, unknown> = {}) =>
  host.ask("DELETE", `/domains/${domain}/exceptions`, body);
const list = async () => (await host.ask("GET", "/exceptions")).exceptions;

/** What the domain's policy in force grants, as each command reads it. */
function patterns(name: string): readonly string[] {
  const { policy } = load(host.places, { name });
  return (policy?.names ?? []).map(({ pattern }) => pattern);
}

function audits(): readonly string[] {
  return host
    .events()
    .filter(({ verdict, operation }) => verdict === "audit" && operation.startsWith("exception"))
    .map(({ operation, object, by }) => `${by?.name} ${operation} ${object}`);
}

function livePlan(number: number): Plan {
  return decodePlan(readFileSync(join(host.places.system.live, String(number))));
}

/** As an agent wrote it that is gone now. */
function given(domain: string, one: Partial<Exception>): void {
  mkdirSync(host.places.system.exceptions, { recursive: true });
  const by = { uid: 0, name: "root" };
  const times = lastingFor(levelClock(), 3_600);
  const whole = { section: "files", line: "r /srv/new/**", id: 1, by, why, ...times } as const;
  writeExceptions(host.places.system.exceptions, domain, [{ ...whole, ...one }]);
}

test("an exception is in force, listed and logged, until it is ended", async () => {
  await host.start();
  const { number } = await host.ask("GET", "/domains/alpha");
  const run = host.run("alpha", number, "supervised", "enforcing");
  const sealed = host.run("alpha", number, "sealed", "enforcing");
  const added = await add("alpha", "r /srv/new/**");
  expect(added).toMatchObject({
    exception: { domain: "alpha", id: 1, section: "files", line: "r /srv/new/**", why },
    ...{ dangers: [], denials: [], following: 1, restart: [{ pid: sealed.pid }] },
  });
  expect(patterns("alpha")).toEqual(["/srv/alpha/**", "/srv/new/**"]);
  const plan = livePlan(number);
  expect(plan.mediation.policy.names.map(({ pattern }) => pattern)).toContain("/srv/new/**");
  expect(plan.facts).toContainEqual({ kind: "until", until: expect.any(Number) });
  expect(await list()).toMatchObject([{ domain: "alpha", id: 1, by: { name: "root" } }]);
  expect(await host.ask("GET", "/domains/alpha")).toMatchObject({ exceptions: 1 });
  expect((await host.ask("GET", "/status")).exceptions).toMatchObject([
    { name: "alpha", count: 1 },
  ]);
  await add("alpha", "connect tcp 10.0.0.7:6379");
  const withIt = host.run("alpha", number, "sealed", "enforcing");
  await end("alpha", { id: 1 });
  expect(patterns("alpha")).toEqual(["/srv/alpha/**"]);
  expect(livePlan(number).mediation.policy.names).not.toContainEqual(
    expect.objectContaining({ pattern: "/srv/new/**" }),
  );
  expect(await end("alpha")).toMatchObject({ exceptions: [{ id: 2 }], following: 1 });
  expect(await list()).toEqual([]);
  expect(livePlan(number).facts).not.toContainEqual(expect.objectContaining({ kind: "until" }));
  expect(existsSync(join(host.places.system.exceptions, "alpha"))).toBe(false);
  expect(audits()).toMatchObject([
    expect.stringMatching(/^root exception added 1: files: r \/srv\/new\/\*\* until .*Z; a test$/),
    expect.stringMatching(/^root exception added 2: network: connect tcp 10\.0\.0\.7:6379 until/),
    expect.stringMatching(
      new RegExp(`^root exception ended 1: .*\\*; kept .* by process ${withIt.pid}; a test$`),
    ),
    expect.stringMatching(/^root exception ended 2: network: /),
  ]);
  for (const one of [run, sealed, withIt]) await host.end(one);
});

test("it ends by itself, and the log says so", async () => {
  await host.start();
  const { number } = await host.ask("GET", "/domains/alpha");
  const run = host.run("alpha", number, "supervised", "enforcing");
  await add("alpha", "r /srv/new/**", { seconds: 1 });
  const before = host.generation(number);
  await vi.waitFor(() => expect(audits()).toHaveLength(2), WAIT_MS_MAX);
  expect(audits()[1]).toMatch(/^cofferdam exception ended 1: .*; its time is over; a test$/);
  expect(host.generation(number)).toBe(before + 1);
  expect(patterns("alpha")).toEqual(["/srv/alpha/**"]);
  expect(await list()).toEqual([]);
  await host.end(run);
});

test("one whose time was over before the agent could wait for its end ends at once", async () => {
  await host.start();
  given("alpha", lastingFor({ ...levelClock(), uptime: levelClock().uptime - 10 }, 5));
  await add("alpha", "r /srv/more/**");
  await vi.waitFor(() => expect(audits()).toHaveLength(2), WAIT_MS_MAX);
  expect(audits()[1]).toMatch(/^cofferdam exception ended 1: .*; its time is over; a test$/);
});

test("it outlives a killed agent, and ends at its time although none runs", async () => {
  const first = await host.spawn();
  await add("alpha", "r /srv/new/**");
  await add("alpha", "r /srv/more/**");
  const ended = new Promise((resolve) => first.process.once("close", resolve));
  first.process.kill("SIGKILL");
  await ended;
  expect(patterns("alpha")).toEqual(["/srv/alpha/**", "/srv/new/**", "/srv/more/**"]);
  const { exceptions } = host.places.system;
  const [one, more] = readExceptions(exceptions, "alpha") as [Exception, Exception];
  // Not sooner: a busy machine may need longer to end the agent than the exception had.
  writeExceptions(exceptions, "alpha", [{ ...one, ...lastingFor(levelClock(), 1) }, more]);
  await vi.waitFor(
    () => expect(patterns("alpha")).toEqual(["/srv/alpha/**", "/srv/more/**"]),
    WAIT_MS_MAX,
  );
  expect(audits()).toHaveLength(2);
  await host.start();
  expect(await list()).toMatchObject([{ id: 2, line: "r /srv/more/**" }]);
  expect(audits()[2]).toMatch(/^cofferdam exception ended 1: .*its time is over/);
});

test("after a boot it has what was left, by a clock that cannot be set", async () => {
  const clock = levelClock();
  const downSince = { boot: "another", uptime: 5_000, wall: clock.wall - 3_600_000 };
  const whole = EXCEPTION_SECONDS_MAX;
  given("alpha", lastingFor(downSince, whole));
  rmSync(join(host.folder, "run"), { recursive: true, force: true });
  await host.start();
  const [kept] = readExceptions(host.places.system.exceptions, "alpha");
  expect(kept?.untilUptime).toMatchObject({ boot: clock.boot });
  const left = Math.min(whole - 3_600, whole - clock.uptime);
  const end = kept?.untilUptime?.seconds ?? 0;
  expect(Math.abs(end - clock.uptime - left)).toBeLessThan(60);
  expect(patterns("alpha")).toContain("/srv/new/**");
});

test("an exception from before a boot whose time is over is never in force again", async () => {
  const earlier = { boot: "another", uptime: 5_000, wall: Date.now() - 7_200_000 };
  given("alpha", lastingFor(earlier, 3_600));
  expect(patterns("alpha")).toEqual(["/srv/alpha/**"]);
  await host.start();
  expect(await list()).toEqual([]);
  expect(audits()).toMatchObject([expect.stringContaining("its time is over")]);
});

test("a run with values of its own has none, and neither has a policy file", () => {
  given("alpha", {});
  const own = (wanted: { name: string } | { file: string }, set = {}) =>
    load(host.places, wanted, set).policy?.names.map(({ pattern }) => pattern);
  expect(own({ name: "alpha" })).toContain("/srv/new/**");
  expect(own({ file: host.fileOf("alpha") })).toEqual(["/srv/alpha/**"]);
  host.policy("alpha", `vars: { x: a }\n${policyText(`"r /srv/\${x}"`)}`);
  expect(own({ name: "alpha" }, { x: "b" })).toEqual(["/srv/b"]);
});

test.each([
  ["deny wins", "r /srv/alpha/private/x", 409, /`deny r .*private\/\*\*` refuses .*deny beats/],
  ["it is granted", "r /srv/alpha/index", 409, /grants `files: r \/srv\/alpha\/index` already/],
  ["Cofferdam's own", "r /etc/cofferdam/domains/x", 409, /belongs to Cofferdam/],
  ["half a grant", "x /srv/program", 409, /grants nothing by itself/],
  ["a secret", "r /etc/shadow", 409, /is dangerous: .*/],
  ["another domain's data", "rw /srv/beta/db", 409, /dangerous: domain beta/],
  ["metadata of a cloud", "connect tcp 80", 409, /169\.254\.169\.254/],
  ["metadata over IPv6", "connect tcp [fd00::/8]:*", 409, /fd00:ec2::254/],
  ["a set-user-id program", "rx /usr/bin/sudo", 409, /dangerous: it acts as another user/],
  ["whole disks", "r /mnt/**", 409, /dangerous: everything in \/mnt/],
  ["the port of logins", "listen tcp 22", 409, /dangerous: port 22 is that of ssh/],
  ["another domain's port", "listen tcp 7000-7100", 409, /domain beta listens on port 7001/],
  ["every netlink protocol", "netlink *", 409, /dangerous: it reaches what the kernel does/],
  ["a capability", "net_admin", 400, /`capabilities: net_admin` is fixed when a process starts/],
  ["a system call", "syscalls: ptrace", 400, /fixed when a process starts/],
  ["code in memory", "memory: jit", 400, /fixed when a process starts/],
  ["a group of calls", "@mount", 400, /`syscalls: @mount` is fixed/],
  ["another section", "include: name-service", 400, /fixed when a process starts/],
  ["a denial", "deny r /srv/x", 400, /cannot deny/],
  ["a variable", "r /srv/${instance}", 400, /no variables/],
  ["an unseen character", "r /srv/\u202ex", 400, /cannot be seen/],
  ["two lines", "r /srv/x\nr /etc/shadow", 400, /cannot be seen/],
  ["no path", "r srv", 400, /no line of a policy/],
  ["nothing", "", 400, /no grant is given/],
])("refused: %s", async (_what, grant, status, message) => {
  host.policy(
    "alpha",
    policyText("r /srv/alpha/**").replace(
      "syscalls",
      '  - "deny r /srv/alpha/private/**"\nsyscalls',
    ),
  );
  host.policy("beta", `${policyText("rw /srv/beta/**")}network: [listen tcp 7001]\n`);
  await host.start();
  const refused = await add("alpha", grant).then(
    () => null,
    (error: Error & { exitCode: number }) => error,
  );
  expect(refused?.message).toMatch(message);
  expect(refused?.exitCode).toBe(status === 400 ? 2 : 3);
  expect(await list()).toEqual([]);
  expect(audits()).toEqual([]);
});

test("a link to a secret is as dangerous as the secret, and taken only as such", async () => {
  const link = join(host.folder, "link");
  symlinkSync("/etc/shadow", link);
  await host.start();
  await expect(add("alpha", `r ${link}`)).rejects.toThrow(/dangerous/);
  const { dangers } = await add("alpha", `r ${link}`, { dangerous: true });
  expect(dangers).toHaveLength(1);
  expect(audits()[0]).toContain(`careful: ${dangers[0]}`);
});

test("the agent does other things while it judges a line by every policy of the host", async () => {
  let turns = 0;
  let isOver = false;
  const turn = (): void => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  const clock = levelClock();
  const by = { uid: 0, name: "root" };
  const line = { section: "files", line: "r /srv/new/**" } as const;
  const one: Exception = { ...line, id: 1, by, why, ...lastingFor(clock, 3_600) };
  await judgeException(host.places, "alpha", [], one);
  isOver = true;
  expect(turns).toBeGreaterThan(usablePolicies(host.places).length);
});

test("denials within the grant are named", async () => {
  host.policy(
    "alpha",
    policyText("r /srv/alpha/**").replace("syscalls", '  - "deny r /srv/new/keys/**"\nsyscalls'),
  );
  await host.start();
  expect((await add("alpha", "r /srv/new/**")).denials).toEqual(["deny r /srv/new/keys/**"]);
});

test("how many, how long, which domain: each limit is said", async () => {
  await host.start();
  const refused = async (work: Promise<unknown>, message: RegExp) =>
    expect(work).rejects.toThrow(message);
  const seconds = EXCEPTION_SECONDS_MAX + 1;
  await refused(add("alpha", "r /srv/x", { seconds }), /at most 7 days/);
  await refused(add("alpha", "r /srv/x", { why: " " }), /`why` is no reason/);
  await refused(add("alpha", "r /srv/x", { why: "a\nb" }), /`why` is no reason/);
  await refused(add("beta", "r /srv/x"), /no domain `beta`/);
  await refused(add("worker@", "r /srv/x"), /is a template/);
  await refused(end("alpha", { id: 7 }), /has no exception 7/);
  for (let at = 1; at <= EXCEPTIONS_MAX; at++) await add("alpha", `r /srv/many/${at}`);
  await refused(add("alpha", "r /srv/x"), /has 16 exceptions/);
});

test("each instance has its own, whether it runs or not", async () => {
  host.policy("worker@", policyText(`"r /srv/\${instance}/**"`));
  await host.start();
  await add("worker@a", "r /srv/new/**");
  expect(patterns("worker@a")).toEqual(["/srv/a/**", "/srv/new/**"]);
  expect(patterns("worker@b")).toEqual(["/srv/b/**"]);
  expect(await list()).toMatchObject([{ domain: "worker@a" }]);
});

test("a line that keeps a sealed domain from starting is refused and leaves nothing", async () => {
  await host.start();
  await expect(add("alpha", "signals: beta", { dangerous: true })).rejects.toThrow(
    /`alpha` could not be started/,
  );
  expect(await list()).toEqual([]);
  expect(audits()).toEqual([]);
});

test("a broken file grants nothing, and keeps nothing from starting", async () => {
  given("alpha", {});
  writeFileSync(join(host.places.system.exceptions, "alpha"), "[{}]");
  const loaded = load(host.places, { name: "alpha" });
  expect(loaded.diagnostics.map(({ code }) => code)).toEqual(["CFD1017"]);
  expect(loaded.policy?.names).toHaveLength(1);
  await host.start();
  await expect(add("alpha", "r /srv/new/**")).rejects.toThrow(/is broken/);
  await end("alpha");
  await add("alpha", "r /srv/new/**");
  expect(patterns("alpha")).toContain("/srv/new/**");
});

test("a line that becomes part of the policy stays in force beyond the exception", async () => {
  await host.start();
  const { number } = await host.ask("GET", "/domains/alpha");
  const run = host.run("alpha", number, "supervised", "enforcing");
  await add("alpha", "r /srv/new/**");
  host.policy("alpha", policyText('r /srv/alpha/**\n  - "r /srv/new/**"'));
  await end("alpha", { id: 1, promoted: true });
  const rules = livePlan(number).mediation.policy.names.filter(
    ({ pattern }) => pattern === "/srv/new/**",
  );
  expect(rules.map(({ source }) => source.until)).toEqual([undefined]);
  expect(audits()[1]).toMatch(/^root exception promoted 1: files: r \/srv\/new\/\*\*; a test$/);
  await host.end(run);
});
