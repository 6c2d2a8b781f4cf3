import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { buildSync } from "esbuild";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PRIVATE_FOLDER, SHARED_FILE } from "../../../src/base/modes.ts";
import { parseSince } from "../../../src/cli/events/wanted-events.ts";
import { localTime } from "../../../src/cli/render/local-time.ts";
import { levelChanged } from "../../../src/events/audit-catalogue.ts";
import type { Event } from "../../../src/events/event.ts";
import { openEventLog } from "../../../src/events/log/event-log.ts";
import { anEvent } from "../../events/an-event.ts";
import { root } from "../../house/tree.ts";
import { Caller } from "../command-line.ts";

let caller: Caller;
beforeEach(() => {
  caller = new Caller();
});
afterEach(() => caller.remove());

const folder = () => dirname(caller.places.events);
const at = (second: number) => new Date(Date.UTC(2026, 0, 2, 3, 4, second)).toISOString();

function log(...events: readonly Partial<Event>[]): void {
  mkdirSync(folder(), { recursive: true, mode: PRIVATE_FOLDER });
  const writer = openEventLog(folder());
  writer.appendAll(events.map((event, index) => anEvent({ id: `17-${index}-1`, ...event })));
  expect(writer.problem).toBeNull();
  writer.close();
}

describe("events", () => {
  test("one entry per distinct access, with count, first and last time, latest last", async () => {
    log(
      { time: at(1) },
      { time: at(2), operation: "write", object: "/srv/x", allow: null },
      { time: at(9), first: at(3), count: 1_233, process: { ...anEvent().process, pid: 7 } },
    );
    const { status, out } = await caller.run(["events"]);
    expect(status).toBe(0);
    expect(out).toBe(
      `2  ${localTime(at(2))}\n  nginx[123]: nginx: write /srv/x: denied: no grant names it\n` +
        `3  ${localTime(at(9))}  1,234 times since ${localTime(at(1)).split(" ")[1]}\n` +
        "  nginx[7]: nginx: read /etc/shadow: denied: no grant names it\n      allow it " +
        "with: files: - r /etc/shadow\n",
    );
  });

  test("readable at 80 columns, whatever the names", async () => {
    log({
      object: `/srv/${"a name with blanks ".repeat(12)}`,
      rule: "deny r /srv/**",
      reason: "rule",
      allow: null,
    });
    const { out } = await caller.run(["events"]);
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  test("audit events are entries of their own; a level of all domains is about each", async () => {
    const change = levelChanged({
      domain: "nginx",
      number: 1,
      from: "enforcing",
      to: "warning",
      by: { uid: 0, name: "root" },
    });
    log(
      { ...change, id: "a" },
      { ...change, id: "b" },
      { domain: "*", verdict: "audit", operation: "all-levels-changed" },
    );
    const { out } = await caller.run(["events", "--domain", "nginx", "--verdict", "audit"]);
    expect(out.match(/level changed from enforcing to warning, by root/g)).toHaveLength(2);
    expect(out).toContain("all domains: level changed");
  });

  test("--domain, --verdict and --since choose; what cannot be chosen is said", async () => {
    log(
      { domain: "redis" },
      { verdict: "warning", object: "/w" },
      { object: "/new", time: new Date().toISOString() },
    );
    const shown = async (...args: readonly string[]) =>
      (await caller.run(["events", "--json", ...args])).out.match(/"object":"[^"]*"/g);
    expect(await shown("--domain", "redis")).toEqual(['"object":"/etc/shadow"']);
    expect(await shown("--verdict", "warning")).toEqual(['"object":"/w"']);
    expect(await shown("--since", "1h")).toEqual(['"object":"/new"']);
    expect(await shown("--since", "2026-01-01")).toHaveLength(3);
    expect((await caller.run(["events", "--domain", "ngimx"])).out).toContain(
      "did you mean `nginx`?",
    );
    expect((await caller.run(["events", "--domain", "redis", "--verdict", "audit"])).out).toMatch(
      /^no such events in /,
    );
  });

  test.each([
    ["--verdict", "denyed", "did you mean `denied`?"],
    ["--verdict", "maybe", "the verdicts are denied, warning, noted, failed, audit"],
    ["--since", "yesterday", "2026-01-31"],
    ["--since", "2026-13-45", "2026-01-31"],
    ["--since", "0h", "write a number with"],
  ])("%s %s is a usage error that says what to write", async (option, value, help) => {
    const { status, err } = await caller.run(["events", option, value]);
    expect(status).toBe(2);
    expect(err).toContain(help);
  });

  test("without a log there are no events, which is no error", async () => {
    expect(await caller.run(["events"])).toEqual({
      status: 0,
      out: `no events in ${folder()}\n`,
      err: "",
    });
    expect((await caller.run(["events", "verify"])).status).toBe(3);
  });

  test("--json is one record a line, with what was folded", async () => {
    log({ time: at(1) }, { time: at(5), first: at(2), count: 9 });
    const { out } = await caller.run(["events", "--json"]);
    expect(JSON.parse(out)).toMatchObject({
      seq: 2,
      count: 10,
      first: at(1),
      time: at(5),
      object: "/etc/shadow",
    });
  });

  test("a log that others may write is not believed", async () => {
    log({});
    chmodSync(join(folder(), "events.jsonl"), SHARED_FILE);
    const { status, err } = await caller.run(["events"]);
    expect(status).toBe(3);
    expect(err).toContain("others could write");
  });

  test("a date without a zone is the caller's own", () => {
    expect(parseSince("2026-01-31", 0)).toBe(new Date(2026, 0, 31).getTime());
    expect(parseSince("2026-01-31 16:00", 0)).toBe(new Date(2026, 0, 31, 16).getTime());
    expect(parseSince("2026-01-31T16:00:00Z", 0)).toBe(Date.UTC(2026, 0, 31, 16));
    expect(parseSince("30m", 3_600_000)).toBe(1_800_000);
  });
});

describe("events verify", () => {
  test("a whole log gives 0, a broken one 1 and where", async () => {
    log({}, {}, {});
    expect(await caller.run(["events", "verify"])).toEqual({
      status: 0,
      out: "whole: 3 records in 1 file, 1 to 3\n",
      err: "",
    });
    const file = join(folder(), "events.jsonl");
    writeFileSync(file, readFileSync(file, "utf8").replace("/etc/shadow", "/etc/passwd"));
    const broken = await caller.run(["events", "verify"]);
    expect(broken.status).toBe(1);
    expect(broken.out).toBe(
      "broken: 3 records in 1 file, 1 to 3\nevents.jsonl:1: altered: record 1 is not as it " +
        "was written\n",
    );
    expect(JSON.parse((await caller.run(["events", "verify", "--json"])).out)).toMatchObject({
      state: "broken",
    });
  });

  test("a record that its writer could not finish is no breach", async () => {
    log({});
    appendFileSync(join(folder(), "events.jsonl"), '{"v":1');
    log({});
    const { status, out } = await caller.run(["events", "verify"]);
    expect(status).toBe(0);
    expect(out).toMatch(/^resumed: 3 records/);
  });
});

test("--follow prints what comes, over rotations, and with --since what was before", async () => {
  const env = { ...process.env, HOME: caller.folder, XDG_STATE_HOME: join(caller.folder, "state") };
  const home = join(caller.folder, "state/cofferdam");
  mkdirSync(home, { recursive: true, mode: PRIVATE_FOLDER });
  const writer = openEventLog(home, { fileBytes: 3_000, oldFiles: 100 });
  writer.append(anEvent({ object: "/before" }));
  const script = join(caller.folder, "follow.mjs");
  buildSync({
    stdin: {
      contents: `import { commands } from "./src/cli/commands.ts";
        import { runCommandLine } from "./src/cli/program.ts";
        import { places } from "./src/host/places.ts";
        const context = {
          places: places({ uid: 1000, env: process.env, home: ${JSON.stringify(root)} }),
          width: 80,
          color: false,
          out: (text) => process.stdout.write(text),
          err: (text) => process.stderr.write(text),
        };
        const words = ["events", "--follow", "--since", "2026-01-01", "--json"];
        process.exitCode = await runCommandLine(words, context, commands);`,
      resolveDir: root,
    },
    outfile: script,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    external: ["koffi"],
    banner: {
      js:
        'import { createRequire as requireFrom } from "node:module"; const require = ' +
        "requireFrom(import.meta.url);",
    },
  });
  symlinkSync(join(root, "node_modules"), join(caller.folder, "node_modules"));
  const child = spawn(process.execPath, [script], { env, stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (chunk) => {
    text += chunk;
  });
  const seen = async (lines: number) => {
    while (text.split("\n").length <= lines && child.exitCode === null)
      await new Promise((resolve) => setTimeout(resolve, 20));
  };
  await seen(1);
  for (let i = 0; i < 20; i++) writer.append(anEvent({ object: `/${i}` }));
  await seen(21);
  child.kill("SIGTERM");
  await once(child, "close");
  const objects = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).object);
  expect(objects).toEqual(["/before", ...Array.from({ length: 20 }, (_, i) => `/${i}`)]);
});
