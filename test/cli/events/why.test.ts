import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { wordsOfEvent } from "../../../src/cli/explain/words-of-event.ts";
import type { Event } from "../../../src/events/event.ts";
import { openEventLog } from "../../../src/events/log/event-log.ts";
import { anEvent } from "../../events/an-event.ts";
import { Caller } from "../command-line.ts";

let caller: Caller;
beforeEach(() => {
  caller = new Caller();
});
afterEach(() => caller.remove());

function log(...events: readonly Partial<Event>[]): void {
  const folder = dirname(caller.places.events);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
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
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

test("the event again with its count in all, the policy's answer now, the line that would allow it and where to put it", async () => {
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
  expect(out).toContain("in force when the daemon is started again\n");
});

test("what the policy grants meanwhile is granted, and a deny is named with its place", async () => {
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

test("every kind of request is asked again in the words of the policy language", () => {
  const words = (changes: Partial<Event>) => wordsOfEvent(anEvent(changes))?.join(" ") ?? null;
  expect(words({ class: "name", operation: "connect", object: "@x" })).toBe("connect unix @x");
  expect(words({ class: "name", operation: "listen", object: "/run/x" })).toBe(
    "listen unix /run/x",
  );
  expect(words({ class: "name", operation: "connect", object: "./x" })).toBeNull();
  expect(words({ class: "two-names", operation: "rename", object: "/a -> /b" })).toBe(
    "rename /a /b",
  );
  expect(words({ class: "two-names", operation: "rename", object: "/a -> /b -> /c" })).toBeNull();
  expect(
    words({ class: "two-names", operation: "rename", object: "files into or out of /x" }),
  ).toBeNull();
  expect(words({ class: "address", operation: "connect", object: "tcp [::1]:80" })).toBe(
    "connect tcp [::1]:80",
  );
  expect(words({ class: "address", operation: "listen", object: "tcp 80" })).toBe("listen tcp 80");
  expect(words({ class: "address", operation: "connect", object: "tcp 80" })).toBeNull();
  expect(words({ class: "socket", operation: "create", object: "netlink audit" })).toBe(
    "netlink audit",
  );
  expect(words({ class: "socket", operation: "create", object: "ping (IPv4)" })).toBe("ping");
  expect(words({ class: "socket", operation: "create", object: "a UDP socket (IPv4)" })).toBeNull();
  expect(words({ class: "syscall", operation: "call", object: "mount" })).toBe("syscall mount");
  expect(
    words({ class: "capability", operation: "use", object: "net_admin for setsockopt(...)" }),
  ).toBe("capability net_admin");
  expect(words({ class: "ipc", operation: "shmget", object: "shm" })).toBe("ipc shm");
  expect(words({ class: "signal", operation: "kill", object: "process 12 of redis" })).toBe(
    "signal redis",
  );
  expect(words({ class: "signal", operation: "signal", object: "sh[12]" })).toBeNull();
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
