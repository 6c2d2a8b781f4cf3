import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { needsRoot } from "../support/skip.ts";
import { Arena, attackPrograms, BUILD_TIMEOUT_MS } from "./arena.ts";
import { attackerPolicy } from "./policy.ts";

/**
 * What Landlock refuses reaches the log through the kernel's audit records, which only root may
 * switch on and read.
 */
const isRoot = process.getuid?.() === 0;
let arena: Arena;

beforeAll(async () => {
  if (!isRoot) return;
  arena = new Arena({ uid: 0, name: "root" });
  await arena.open(attackerPolicy);
}, BUILD_TIMEOUT_MS);
afterAll(() => arena?.close());

for (const program of attackPrograms().filter(({ event }) => event.endsWith(" kernel"))) {
  test(`the kernel's refusal becomes an event: ${program.name}`, (context) => {
    needsRoot(context);
    const log = path.join(arena.folder, `${program.name}.jsonl`);
    arena.reset();
    const outcome = arena.run(program.name, { confined: true, events: log });
    expect(outcome.status, outcome.text).toBe(1);
    const events = fs
      .readFileSync(log, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line))
      .filter(({ source }) => source === "kernel");
    const [what = ""] = program.event.split(" ");
    expect(events.map((event) => `${event.class}/${event.operation}`)).toContain(what);
    const found = events.find((event) => `${event.class}/${event.operation}` === what);
    expect(found).toMatchObject({
      domain: "attacker",
      verdict: "denied",
      process: { comm: program.name.slice(0, 15) },
    });
    // No line helps against a rule of the policy, or for what is Cofferdam's own.
    if (found.reason === "own-object" || found.reason === "rule") {
      const rule = found.reason === "rule" ? "deny i /dev/urandom" : null;
      expect(found).toMatchObject({ allow: null, rule });
      return;
    }
    // Signals are granted by domain, not by process; what lies below /proc for every process.
    const object = found.object.replace(/^\/proc\/\d+/, "/proc/[0-9]*");
    const line = found.allow.line.replaceAll("\\ ", " ");
    expect(line, "a space is escaped in a policy").toContain(
      found.class === "signal" ? "any" : object,
    );
  });
}
