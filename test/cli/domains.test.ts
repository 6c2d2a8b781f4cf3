import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { PUBLIC_FILE } from "../../src/base/modes.ts";
import { load } from "../../src/host/load.ts";
import { literalPrefix, parsePattern } from "../../src/model/pattern.ts";
import { Permission } from "../../src/model/permission.ts";
import { printPolicy } from "../../src/policy/print.ts";
import { filesLike } from "../house/tree.ts";
import { Caller } from "./command-line.ts";

const caller = new Caller();
afterAll(() => caller.remove());

const shipped = filesLike([".yaml"], ["domains/"]).filter(
  (file) => !file.includes("/abstractions/") && !file.includes("/cases/"),
);
const change = Permission.write | Permission.create | Permission.delete | Permission.attributes;

/**
 * Folders that many daemons share: changing all names in one of them would reach the others' files.
 */
const shared = [
  "/",
  "/dev",
  "/dev/shm",
  "/etc",
  "/home",
  "/proc",
  "/run",
  "/srv",
  "/sys",
  "/tmp",
  "/usr",
  "/var",
  "/var/lib",
  "/var/log",
  "/var/tmp",
];

test("these are the daemons of the README, the sandboxed shell, and virtual machines", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const listed = /policies for ([^.]+) to learn from/.exec(readme)?.[1] ?? "";
  const names = [...listed.split(/, |\s+and |\s/), "shell", "vm@"];
  expect(names.length).toBeGreaterThan(7);
  expect(shipped).toEqual(names.sort().map((name) => `domains/${name}.yaml`));
});

test.each(shipped)("%s, printed, has no error either", async (file) => {
  const { policy } = load(caller.places, { file }, instanceOf(file));
  if (policy === null) throw new Error(`${file} does not load`);
  const printed = join(caller.folder, `${policy.name}.yaml`);
  writeFileSync(printed, printPolicy(policy), { mode: PUBLIC_FILE });
  const { out } = await caller.run(["check", printed]);
  expect(out).not.toMatch(/^error/m);
});

/** Templates are looked at as one of their instances. */
const instanceOf = (file: string): Readonly<Record<string, string>> =>
  file.endsWith("@.yaml") ? { instance: "one" } : {};

test.each(shipped)("%s has no error", async (file) => {
  const set = Object.entries(instanceOf(file)).flatMap(([name, value]) => [
    "--set",
    `${name}=${value}`,
  ]);
  const { status, out } = await caller.run(["check", ...set, file]);
  expect(out).not.toMatch(/^error/m);
  expect(status).toBe(0);
});

/**
 * Users' sessions are in the domain of sshd, with their files. POSIX shared memory is in one folder
 * for all; the names of postgres begin with its own.
 */
const shares: Readonly<Record<string, string>> = {
  "domains/sshd.yaml": "/home",
  "domains/postgres.yaml": "/dev/shm",
};

test.each(shipped)("%s changes nothing in shared folders but single names", (file) => {
  const { policy } = load(caller.places, { file }, instanceOf(file));
  const wide = policy?.names.filter(({ pattern, permissions }) => {
    const parsed = parsePattern(pattern);
    if ("problem" in parsed) return true;
    const prefix = literalPrefix(parsed.pattern);
    return (
      prefix !== pattern &&
      shared.includes(prefix) &&
      shares[file] !== prefix &&
      (permissions & (change | Permission.read)) !== 0
    );
  });
  expect(policy?.names.length).toBeGreaterThan(0);
  expect(wide).toEqual([]);
});

test.each(shipped)("%s lets nothing be both written and executed", (file) => {
  const { policy } = load(caller.places, { file }, instanceOf(file));
  const both = policy?.names.filter(
    ({ permissions }) => (permissions & Permission.execute) !== 0 && (permissions & change) !== 0,
  );
  expect(both).toEqual([]);
});
