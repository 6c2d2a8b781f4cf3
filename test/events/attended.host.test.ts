import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { probeHost } from "../../src/kernel/probe/host-facts.ts";
import { root } from "../house/tree.ts";
import { needsFeature, needsRoot } from "../support/skip.ts";

const TIMEOUT_MS = 120_000;
const POLL_MS = 50;

test("what the kernel refuses in an attended run becomes an event: there the front waits for the collector, and another process is the daemon", {
  timeout: TIMEOUT_MS,
}, async (context) => {
  needsRoot(context);
  const facts = probeHost();
  needsFeature(context, facts, "audit-read");
  needsFeature(context, facts, "landlock-log");
  const folder = mkdtempSync(join(tmpdir(), "cofferdam-attended-events-"));
  try {
    const [policy, log, secret] = ["seen.yaml", "events.jsonl", "secret"].map((name) => join(folder, name));
    writeFileSync(secret ?? "", "");
    writeFileSync(
      policy ?? "",
      'summary: a test\ninclude: [base]\nfiles:\n  - rx /usr/bin/**\ninherit: [stdio]\nsyscalls: ["@system-service"]\n',
    );
    const words = ["run", "--level", "enforcing", "--events", log ?? "", "--policy", policy ?? "", "--"];
    const run = spawnSync(join(root, "bin", "cofferdam"), [...words, "/usr/bin/cat", secret ?? ""], {
      encoding: "utf8",
      timeout: TIMEOUT_MS,
    });
    expect(run.status).toBe(1);
    // The collector ends after the run.
    let events: { operation: string; object: string; source: string }[] = [];
    while (events.length === 0) {
      await sleep(POLL_MS);
      events = readFileSync(log ?? "", "utf8")
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line));
    }
    expect(events).toMatchObject([{ operation: "read", object: secret, source: "kernel", process: { comm: "cat" } }]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
