import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PRIVATE_FILE, PRIVATE_FOLDER } from "../../../src/base/modes.ts";
import { requestOfEvent } from "../../../src/cli/explain/request-of-event.ts";
import { requirePolicy } from "../../../src/cli/require-policy.ts";
import type { Event } from "../../../src/events/event.ts";
import { openEventLog } from "../../../src/events/log/event-log.ts";
import { loggedRequest } from "../../../src/events/logged-request.ts";
import { decide } from "../../../src/model/decide.ts";
import type { Request } from "../../../src/model/request.ts";
import { suggest } from "../../../src/model/suggest.ts";
import { anEvent } from "../../events/an-event.ts";
import { requests } from "../../model/helpers/requests.ts";
import { Caller } from "../command-line.ts";
import { hearing } from "../hearing.ts";

let caller: Caller;
beforeEach(() => {
  caller = new Caller();
});
afterEach(() => caller.remove());

function log(...events: readonly Partial<Event>[]): void {
  const folder = dirname(caller.places.events);
  mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
  const writer = openEventLog(folder);
  writer.appendAll(
    events.map((event, index) => anEvent({ id: `179558070108273149${index}-98-1`, ...event })),
  );
  writer.close();
}

/** Lines that were broken for the screen's width. */
const unwrapped = (text: string) => text.replaceAll(/\s+/g, " ");

function policy(text: string): string {
  const file = join(caller.folder, ".config/cofferdam/domains/tool.yaml");
  mkdirSync(dirname(file), { recursive: true, mode: PRIVATE_FOLDER });
  writeFileSync(file, text, { mode: PRIVATE_FILE });
  return file;
}

test("the event with its total count, the policy's answer now, a line and its place", async () => {
  const file = policy("files: [r /etc/hosts]\n");
  log({ domain: "tool" }, { domain: "tool", count: 41 });
  const { status, out } = await caller.run(["why", "1"]);
  expect(status).toBe(1);
  expect(out).toMatch(/^1 {2}\S+ \S+ {2}42 times since /);
  expect(out).toContain("  nginx[123]: tool: read /etc/shadow: denied: no grant names it\n");
  expect(out).toContain(
    "\ntool: read /etc/shadow: denied: no grant names it\n  allow files: - r /etc/shadow\n",
  );
  expect(unwrapped(out)).toContain(` put into ${file}, under \`files\``);
  expect(out).toContain("then restart the daemon\n");
});

test("what the policy grants meanwhile is granted; a deny is named with its place", async () => {
  const file = policy("files: [r /etc/hostname, deny r /etc/shadow]\n");
  log({ domain: "tool", object: "/etc/hostname" }, { domain: "tool" });
  expect((await caller.run(["why", "1"])).status).toBe(0);
  const { status, out } = await caller.run(["why", "2"]);
  expect(status).toBe(1);
  expect(out).toContain(`  by    ${file}:1: deny r /etc/shadow\n`);
  expect(out).not.toContain("put  ");
});

test("a shipped policy is not to be changed where it lies", async () => {
  log({ domain: "nginx" });
  const { out } = await caller.run(["why", "1"]);
  expect(unwrapped(out)).toContain(
    ` put into ${join(caller.folder, ".config/cofferdam/domains/nginx.yaml")}, under \`files\``,
  );
  expect(out).toMatch(/a copy of \S+\/domains\/nginx\.yaml/);
});

test("an id, the beginning of one, and a number mean the same event", async () => {
  policy("files: [r /etc/hosts]\n");
  log({ domain: "tool", object: "/a" }, { domain: "tool", object: "/b" });
  const asked = ["2", "#2", "1795580701082731491-98-1", "1795580701082731491"];
  const answers = await Promise.all(asked.map((id) => caller.run(["why", id])));
  expect(new Set(answers.map(({ out }) => out)).size).toBe(1);
  expect(answers[0]?.out).toContain("read /b");
});

test("an id that is not there: the nearest one, or the several that begin so", async () => {
  log({}, {});
  const unknown = await caller.run(["why", "1795580701082731777"]);
  expect(unknown.status).toBe(3);
  expect(unknown.err.replace(/\s+/g, " ")).toContain("did you mean `1795580701082731490-98-1`?");
  const several = await caller.run(["why", "17955807010827314"]);
  expect(several.status).toBe(3);
  expect(several.err.replace(/\s+/g, " ")).toMatch(
    /2 events begin with .*`1795580701082731490-98-1`, `1795580701082731491-98-1`/,
  );
  expect((await caller.run(["why", "3"])).err).toContain("the last one has the number 2");
  expect((await caller.run(["why", "nonsense"])).status).toBe(3);
  expect((await caller.run(["why"])).status).toBe(2);
});

test("what no rule is about, and what was no denial, is said to be so", async () => {
  log(
    { class: "lifecycle", operation: "lost", object: "3 events" },
    { class: "syscall", operation: "chmod", object: "x", reason: "never", allow: null },
  );
  expect((await caller.run(["why", "1"])).out).toContain("Nothing was denied");
  expect(await caller.run(["why", "2"])).toMatchObject({
    status: 0,
    out: expect.stringContaining("No single rule"),
  });
});

test("a domain whose policy is gone: the event is shown, and what to do", async () => {
  log({ domain: "gone" });
  const { status, out, err } = await caller.run(["why", "1"]);
  expect(status).toBe(3);
  expect(out).toContain("gone: read /etc/shadow: denied");
  expect(err).toContain("--policy");
});

test("the request is what is asked about, whatever the words look like", async () => {
  policy("files: [r /srv/**, deny w /srv/**]\n");
  const arrow = { class: "two-names", operation: "rename", object: "/srv/a -> b -> /srv/c" };
  const rename = { class: "two-names", directory: false, replaces: false } as const;
  log(
    {
      ...{ domain: "tool", ...arrow },
      request: { ...rename, operation: "rename", from: "/srv/a -> b", to: "/srv/c" },
    },
    {
      domain: "tool",
      request: { class: "name", operation: "write", path: { base64: "L3Nydi//" } },
    },
  );
  const { status, out } = await caller.run(["why", "1"]);
  expect(status).toBe(1);
  expect(unwrapped(out)).toContain("tool: rename /srv/a -> b /srv/c: denied");
  expect(out).toContain("allow files: - cd /srv/a\\ ->\\ b /srv/c\n");
  const bytes = await caller.run(["why", "--json", "2"]);
  expect(JSON.parse(bytes.out).now).toMatchObject({
    request: { path: "/srv/\udcff" },
    policy: { outcome: "denied", reason: "rule", by: { text: "deny w /srv/**" } },
  });
});

test("a request that only a newer version knows is said to be another version's", async () => {
  policy("files: [r /srv/**]\n");
  log({ domain: "tool", request: { class: "of-a-newer-version" } as never });
  const { status, out } = await caller.run(["why", "1"]);
  expect(status).toBe(0);
  expect(unwrapped(out)).toContain("another version wrote it");
  expect(out).toContain("`class`");
});

test("what the kernel reports in part has no request, but a line for all of it", async () => {
  policy("files: [r /srv/**]\n");
  log({
    ...{ domain: "tool", source: "kernel", operation: "create", object: "/srv/?", reason: null },
    ...{ request: null, allow: { section: "files", line: "c /srv/*" } },
  });
  const { status, out } = await caller.run(["why", "1"]);
  expect(status).toBe(0);
  expect(unwrapped(out)).toContain("allow it with: files: - c /srv/*");
  expect(unwrapped(out)).toContain("The kernel reported only a part of the request");
});

test("for requests of every class `why` names the rule that decide() names", async () => {
  const file = policy(everySection);
  const { context } = hearing(caller.places, 80);
  const { policy: written } = requirePolicy(context, undefined, { policy: file });
  const below = requests.name.map((one) => ({ ...one, path: `/srv/data/${one.path.slice(1)}` }));
  const arbitraries: readonly fc.Arbitrary<Request>[] = [below, ...Object.values(requests)];
  const asked = arbitraries.flatMap((one, at) => fc.sample(one, { seed: at + 1, numRuns: 4 }));
  log(
    ...asked.map((request) => ({
      // Words of something else: nothing may be read from them.
      ...{ domain: "tool", class: request.class, operation: "read", object: "/etc/hosts" },
      request: loggedRequest(request),
    })),
  );
  const seen = new Set<string>();
  for (const [at, request] of asked.entries()) {
    const { out } = await caller.run(["why", "--json", String(at + 1)]);
    const { now } = JSON.parse(out);
    const { outcome, by, reason } = { reason: null, ...decide(written, request) };
    expect([now.policy.outcome, now.policy.by?.text, now.policy.reason ?? null]).toEqual([
      outcome,
      by?.text,
      reason,
    ]);
    expect(now.allow).toEqual(
      outcome === "denied" && (reason === "no-rule" || reason === "gain")
        ? suggest(request, written)
        : null,
    );
    seen.add(`${request.class} ${outcome}`);
  }
  expect([...seen].filter((one) => one.endsWith("granted")).length).toBeGreaterThan(4);
  expect([...seen].filter((one) => one.endsWith("denied")).length).toBeGreaterThan(4);
});

const everySection = `
mediation: supervised
files: ["r /srv/**", "rwcdai /srv/data/**", "deny w /srv/data/a*"]
network:
  - connect tcp 10.0.0.0/8:80
  - connect tcp 53
  - listen tcp 80
  - listen udp *
  - netlink route
  - ping
  - raw icmp
capabilities: [chown, net_raw, setuid, setgid, kill, deny sys_admin]
syscalls: [read, memfd_create]
ipc: [shm, deny sem]
inherit: [stdio]
signals: [nginx]
`;

test("a record without a request is older: its words explain it where they are clear", () => {
  const old = (changes: Partial<Event>) => requestOfEvent(anEvent({ reason: null, ...changes }));
  const request = (changes: Partial<Event>) => {
    const asked = old(changes);
    return asked.kind === "request" ? asked.request : null;
  };
  const tcp = { class: "address", protocol: "tcp" } as const;
  expect(request({ class: "name", operation: "connect", object: "@x" })).toEqual({
    ...{ class: "name", operation: "connect", path: "@x" },
  });
  expect(request({ class: "address", operation: "connect", object: "tcp [::1]:80" })).toEqual({
    ...{ ...tcp, operation: "connect", port: 80 },
    address: Uint8Array.from({ length: 16 }, (_, at) => (at === 15 ? 1 : 0)),
  });
  expect(request({ class: "address", operation: "listen", object: "tcp 80" })).toEqual({
    ...{ ...tcp, operation: "listen", address: new Uint8Array(4), port: 80 },
  });
  expect(request({ class: "socket", operation: "create", object: "netlink audit" })).toEqual({
    ...{ class: "socket", family: "netlink", protocol: 9 },
  });
  expect(request({ class: "socket", operation: "create", object: "ping (IPv4)" })).toEqual({
    ...{ class: "socket", family: "ping", protocol: 0 },
  });
  expect(request({ class: "syscall", operation: "call", object: "mount" })).toEqual({
    ...{ class: "syscall", name: "mount" },
  });
  const use = "net_admin for setsockopt(...)";
  expect(request({ class: "capability", operation: "use", object: use })).toEqual({
    ...{ class: "capability", name: "net_admin" },
  });
  expect(request({ class: "ipc", operation: "shmget", object: "shm" })).toEqual({
    ...{ class: "ipc", kind: "shm" },
  });
  const process = "process 12 of redis";
  expect(request({ class: "signal", operation: "kill", object: process })).toEqual({
    ...{ class: "signal", domain: "redis" },
  });
  const unclear: readonly Partial<Event>[] = [
    { class: "name", operation: "connect", object: "./x" },
    { class: "name", operation: "create", object: "/srv/?", source: "kernel" },
    { class: "two-names", operation: "rename", object: "/a -> /b" },
    { class: "two-names", operation: "rename", object: "/a -> /b -> /c" },
    { class: "address", operation: "connect", object: "tcp 80" },
    { class: "socket", operation: "create", object: "a UDP socket (IPv4)" },
    { class: "signal", operation: "signal", object: "sh[12]" },
  ];
  for (const one of unclear)
    expect(old({ allow: null, ...one })).toEqual({
      kind: "nothing",
      why: expect.stringContaining("before records held the request"),
    });
});

test("a name that a daemon has chosen cannot write to the terminal", async () => {
  policy("files: [r /etc/hosts]\n");
  log({ domain: "tool", object: "/tmp/\x1b]0;owned\x07\x9b\u202e" });
  for (const form of [[], ["--json"]]) {
    const { out } = await caller.run(["why", ...form, "1"]);
    expect(out).toContain("owned");
    expect(out.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  }
});
