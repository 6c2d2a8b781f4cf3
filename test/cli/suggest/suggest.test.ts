import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MODE_BITS, PRIVATE_FILE, PRIVATE_FOLDER } from "../../../src/base/modes.ts";
import type { Event } from "../../../src/events/event.ts";
import { openEventLog } from "../../../src/events/log/event-log.ts";
import { loggedRequest } from "../../../src/events/logged-request.ts";
import type { PermissionName } from "../../../src/model/permission.ts";
import { anEvent } from "../../events/an-event.ts";
import { Caller } from "../command-line.ts";

let caller: Caller;
beforeEach(() => {
  caller = new Caller();
});
afterEach(() => caller.remove());

const POLICY = "# mine\nfiles:\n  - r /etc/hostname # named\n";

function policy(text = POLICY): string {
  const file = join(caller.folder, ".config/cofferdam/domains/tool.yaml");
  mkdirSync(dirname(file), { recursive: true, mode: PRIVATE_FOLDER });
  writeFileSync(file, text, { mode: PRIVATE_FILE });
  return file;
}

function log(...events: readonly Partial<Event>[]): void {
  const folder = dirname(caller.places.events);
  mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
  const writer = openEventLog(folder);
  writer.appendAll(
    events.map((event, index) =>
      anEvent({ id: `179558070108273149${index}-98-1`, domain: "tool", ...event }),
    ),
  );
  writer.close();
}

const warned = (operation: PermissionName, path: string, more: Partial<Event> = {}) => ({
  verdict: "warning" as const,
  operation,
  object: path,
  request: loggedRequest({ class: "name", operation, path }),
  ...more,
});

test("lines with their evidence, dangerous ones last, and where they belong", async () => {
  const file = policy();
  log(
    warned("read", "/srv/data", { count: 41 }),
    warned("write", "/srv/data"),
    warned("read", "/etc/shadow"),
    warned("read", "/etc/hostname"),
  );
  const { status, out } = await caller.run(["suggest", "tool"]);
  expect(status).toBe(1);
  expect(out).toContain("tool: no rule grants 3 of the accesses that were warned about\n");
  expect(out).toMatch(/\nfiles:\n {2}- rw \/srv\/data\n {6}42 times by \S*nginx, /);
  expect(out).toMatch(/never takes them:\nfiles:\n {2}- r \/etc\/shadow\n {6}careful: it holds/);
  expect(out.replaceAll(/\s+/g, " ")).toContain(`--write adds these lines to ${file};`);
  for (const line of out.split("\n")) expect([...line].length).toBeLessThanOrEqual(80);
});

test("--write adds the harmless lines and keeps the rest; then they are granted", async () => {
  const file = policy();
  log(warned("read", "/srv/data"), warned("read", "/etc/shadow"));
  const { status, out } = await caller.run(["suggest", "tool", "--write"]);
  expect(status).toBe(1);
  expect(out.replaceAll(/\s+/g, " ")).toContain(`written to ${file};`);
  expect(readFileSync(file, "utf8")).toBe(`${POLICY}  - r /srv/data\n`);
  expect(statSync(file).mode & MODE_BITS).toBe(PRIVATE_FILE);
  const again = await caller.run(["suggest", "tool", "--write"]);
  expect(again.out).not.toContain("/srv/data");
  expect(readFileSync(file, "utf8")).toBe(`${POLICY}  - r /srv/data\n`);
});

test("a shipped policy stays as it is: a copy has the lines", async () => {
  log(warned("read", "/srv/data", { domain: "redis-server" }));
  const shipped = readFileSync(join(caller.places.shipped, "redis-server.yaml"), "utf8");
  const { status } = await caller.run(["suggest", "redis-server", "--write"]);
  expect(status).toBe(0);
  const copy = join(caller.folder, ".config/cofferdam/domains/redis-server.yaml");
  expect(readFileSync(copy, "utf8")).toContain("- r /srv/data\n");
  expect(readFileSync(join(caller.places.shipped, "redis-server.yaml"), "utf8")).toBe(shipped);
});

test("a template's line names the instance by the variable", async () => {
  const file = join(dirname(policy()), "worker@.yaml");
  writeFileSync(file, "summary: ${instance}\n", { mode: PRIVATE_FILE });
  const own = ["/srv/x/blue/data", "/srv/x/bluebird"];
  log(...own.map((path) => warned("read", path, { domain: "worker@blue" })));
  const { status } = await caller.run(["suggest", "worker@blue", "--write"]);
  expect(status).toBe(0);
  const written = readFileSync(file, "utf8");
  expect(written).toContain("  - r /srv/x/${instance}/data\n");
  expect(written).toContain("  - r /srv/x/bluebird\n");
});

test("a short name that a process gave itself is not shown as its program", async () => {
  policy();
  const process = { pid: 4711, uid: 0, comm: "/usr/sbin/nginx", executable: null };
  log(warned("read", "/srv/data", { process }));
  const { out } = await caller.run(["suggest", "tool"]);
  expect(out).toContain("by [/usr/sbin/nginx],");
});

test("a capability is told with the calls that needed it", async () => {
  policy();
  const request = loggedRequest({ class: "capability", name: "chown" });
  const used = (object: string) =>
    ({ verdict: "warning", class: "capability", operation: "use", object, request }) as const;
  log(used("chown for fchownat"), used("chown for setxattr"), used("chown"));
  const { out } = await caller.run(["suggest", "tool"]);
  expect(out).toMatch(/- chown\n {6}3 times by \S*nginx for fchownat, setxattr, at/);
  const { lines } = JSON.parse((await caller.run(["suggest", "tool", "--json"])).out);
  expect(lines).toMatchObject([{ line: "chown", purposes: ["fchownat", "setxattr"] }]);
});

test("denials count only with --denied, and other domains and times never", async () => {
  policy();
  log(
    warned("read", "/srv/denied", { verdict: "denied" }),
    warned("read", "/srv/other", { domain: "other" }),
    warned("read", "/srv/old", { time: "2020-01-31T10:00:00.000Z" }),
  );
  const plain = await caller.run(["suggest", "tool", "--since", "2021-01-31"]);
  expect(plain).toMatchObject({
    status: 0,
    out: "tool: nothing to add: the log has no warning of it\n",
  });
  const all = await caller.run(["suggest", "tool", "--denied", "--json"]);
  expect(JSON.parse(all.out)).toMatchObject({
    domain: "tool",
    lines: [
      { section: "files", line: "r /srv/denied", count: 1, wider: 0, dangers: [] },
      { section: "files", line: "r /srv/old", last: "2020-01-31T10:00:00.000Z" },
    ],
    dangerous: [],
  });
});

test("what a deny refuses is told, and no line is proposed for it", async () => {
  policy("files: [deny r /srv/secret]\n");
  log(warned("read", "/srv/secret"));
  const { status, out } = await caller.run(["suggest", "tool"]);
  expect(status).toBe(1);
  expect(out).toContain("No line of the policy helps here:\n  read /srv/secret: a deny rule");
  expect(out).not.toContain("--write");
});

test("an abstraction that is no file is left out", async () => {
  const folder = dirname(policy());
  mkdirSync(join(folder, "abstractions/strange.yaml"), { recursive: true, mode: PRIVATE_FOLDER });
  log(warned("read", "/srv/data"));
  expect((await caller.run(["suggest", "tool"])).out).toContain("- r /srv/data\n");
});

test("a policy with errors, or none, is a clear error", async () => {
  expect((await caller.run(["suggest", "nowhere"])).status).toBe(3);
  policy("files: [q /srv]\n");
  const { status, err } = await caller.run(["suggest", "tool"]);
  expect(status).toBe(3);
  expect(err).toContain("the policy cannot be used");
});
