import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Event } from "../../src/events/event.ts";
import { probeHost } from "../../src/kernel/probe/host-facts.ts";
import { root } from "../house/tree.ts";
import { scratchFolder } from "../support/scratch.ts";
import { needsFeature, needsRoot } from "../support/skip.ts";

const TIMEOUT_MS = 120_000;
const POLL_MS = 50;

test("the kernel's refusals in an attended run become events; the front is not the daemon", {
  timeout: TIMEOUT_MS,
}, async (context) => {
  needsRoot(context);
  const facts = probeHost();
  needsFeature(context, facts, "audit-read");
  needsFeature(context, facts, "landlock-log");
  const folder = scratchFolder("attended-events");
  try {
    const [policy, log, secret] = ["seen.yaml", "events.jsonl", "secret"].map((name) =>
      join(folder, name),
    );
    writeFileSync(secret ?? "", "");
    writeFileSync(
      policy ?? "",
      "summary: a test\ninclude: [base]\nfiles:\n  - rx /usr/bin/**\ninherit: [stdio]\n" +
        'syscalls: ["@system-service"]\n',
    );
    const words = [
      "run",
      "--level",
      "enforcing",
      "--events",
      log ?? "",
      "--policy",
      policy ?? "",
      "--",
    ];
    const run = spawnSync(
      join(root, "bin", "cofferdam"),
      [...words, "/usr/bin/cat", secret ?? ""],
      {
        encoding: "utf8",
        timeout: TIMEOUT_MS,
      },
    );
    expect(run.status).toBe(1);
    // The collector ends after the run.
    const events = await eventsIn(log ?? "");
    expect(events).toMatchObject([
      { operation: "read", object: secret, source: "kernel", process: { comm: "cat" } },
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("what the programs of its control group refuse, too, of a daemon that ends at once", {
  timeout: TIMEOUT_MS,
}, async (context) => {
  needsRoot(context);
  needsFeature(context, probeHost(), "cgroup-inet");
  const folder = scratchFolder("attended-events");
  try {
    const [policy = "", log = ""] = ["seen.yaml", "events.jsonl"].map((name) => join(folder, name));
    writeFileSync(
      policy,
      "summary: a test\ninclude: [base]\nfiles:\n  - rx /usr/bin/**\nnetwork:\n  - connect " +
        'udp 127.0.0.1:9\ninherit: [stdio, stdio-sockets]\nsyscalls: ["@system-service"]\n',
    );
    const words = [
      "run",
      "--level",
      "enforcing",
      "--events",
      log,
      "--policy",
      policy,
      "--",
      "/usr/bin/bash",
      "-c",
    ];
    const script =
      "(exec 3<>/dev/udp/127.0.0.1/10) 2>&-; (exec 3<>/dev/udp/127.0.0.1/9) && echo granted";
    const run = spawnSync(join(root, "bin", "cofferdam"), [...words, script], {
      encoding: "utf8",
      timeout: TIMEOUT_MS,
    });
    expect(run.stdout).toBe("granted\n");
    const refused = (await eventsIn(log)).filter((event) => event.class === "address");
    expect(refused).toMatchObject([
      {
        verdict: "denied",
        operation: "connect",
        object: "udp 127.0.0.1:10",
        process: { comm: "bash" },
        count: 1,
      },
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Once there are any: the collector ends after the run. */
async function eventsIn(log: string): Promise<Event[]> {
  for (;;) {
    await sleep(POLL_MS);
    const lines = readFileSync(log, "utf8").split("\n").slice(0, -1);
    if (lines.length > 0) return lines.map((line) => JSON.parse(line));
  }
}
