import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { needsRoot } from "../support/skip.ts";

const clone = path.resolve(import.meta.dirname, "../..");
const programs = path.join(import.meta.dirname, "programs");
const NOBODY = 65534;
/** Compiling, then running every case twice on a machine with other work, milliseconds. */
const SUITE_TIMEOUT_MS = 240_000;

/**
 * What a domain at level warning may show its processes that they would not have seen without Cofferdam: the closed list of SECURITY.md, by name of the
 * case. A case that is not here must print the same.
 */
const exempt: Readonly<Record<string, string>> = {
  "eintr/opens_under_a_timer": "a signal that arrives before the notification is received interrupts the call",
};

/** Without root no_new_privs is set from the start. */
const exemptForUsers: Readonly<Record<string, string>> = { ...exempt };

let folder = "";
let cases = "";

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "cofferdam-transparency-"));
  fs.chmodSync(folder, 0o755);
  cases = path.join(folder, "cases");
  const sources = fs.readdirSync(programs).filter((file) => file.endsWith(".c"));
  execFileSync("gcc", [
    ...["-D_GNU_SOURCE", "-O1", "-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers", "-Wno-unused-result"],
    ...["-pthread", "-o", cases, ...sources.map((file) => path.join(programs, file))],
  ]);
}, SUITE_TIMEOUT_MS);
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }), SUITE_TIMEOUT_MS);

describe("a domain at level warning shows its processes what they would see without it", () => {
  test("as root", { timeout: SUITE_TIMEOUT_MS }, (context) => {
    needsRoot(context);
    compare("root", null, exempt);
  });
  test("as root, the cases as an ordinary user", { timeout: SUITE_TIMEOUT_MS }, (context) => {
    needsRoot(context);
    compare("root-user", null, exempt, NOBODY);
  });
  test("as an ordinary user", { timeout: SUITE_TIMEOUT_MS }, () => {
    compare("user", process.geteuid?.() === 0 ? NOBODY : null, exemptForUsers);
  });
});

/** `as`: who starts the domain; `inner`: who the cases become within it. */
function compare(name: string, as: number | null, allowed: Readonly<Record<string, string>>, inner?: number): void {
  const place = path.join(folder, name);
  fs.mkdirSync(place);
  const policy = path.join(place, "transparent.yaml");
  fs.writeFileSync(policy, "domain: transparent\nsummary: grants nothing\nlevel: warning\n");
  const owner = as ?? process.geteuid?.() ?? 0;
  const run = (where: string, before: readonly string[]): string => {
    const scratch = path.join(place, where);
    fs.mkdirSync(scratch);
    fs.chownSync(scratch, owner, owner);
    const file = path.join(place, `${where}.out`);
    const out = fs.openSync(file, "w");
    const become = as === null ? [] : ["setpriv", `--reuid=${as}`, `--regid=${as}`, "--clear-groups"];
    const [command = "", ...rest] = [...become, ...before, cases, "run", scratch, ...(inner ? [String(inner)] : [])];
    const env = { PATH: process.env.PATH ?? "", HOME: place };
    const { status } = spawnSync(command, rest, { stdio: ["ignore", out, "inherit"], env, cwd: place });
    fs.closeSync(out);
    expect(status, `${command} ${rest.join(" ")}`).toBe(0);
    return fs.readFileSync(file, "utf8");
  };
  fs.chownSync(place, owner, owner);
  fs.chownSync(policy, owner, owner);
  const outside = byCase(run("outside", []));
  const inside = byCase(run("inside", [path.join(clone, "bin/cofferdam"), "run", "--policy", policy, "--"]));
  expect([...inside.keys()]).toEqual([...outside.keys()]);
  const differing = [...outside].filter(([key, seen]) => inside.get(key) !== seen && !(key in allowed));
  expect(differing.map(([key, seen]) => `${key}\noutside:\n${seen}inside:\n${inside.get(key)}`)).toEqual([]);
  expect(outside.size).toBeGreaterThan(1_000);
}

/** What each case printed, by its name. */
function byCase(output: string): Map<string, string> {
  return new Map(
    output
      .split(/^== /m)
      .slice(1)
      .map((part) => [part.slice(0, part.indexOf("\n")), part.slice(part.indexOf("\n") + 1)]),
  );
}
