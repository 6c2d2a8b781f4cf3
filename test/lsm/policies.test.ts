/** Policies in this kernel's map of maps, without the programs. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { libbpf } from "../../src/kernel/bpf/libbpf.ts";
import { LsmEngine } from "../../src/kernel/bpf/lsm/engine.ts";
import { ROW_BYTES } from "../../src/kernel/bpf/lsm/layout.ts";
import {
  beginGeneration,
  completeGeneration,
  generations,
  openPin,
  removeParts,
  unpin,
} from "../../src/kernel/bpf/lsm/pins.ts";
import { withFd } from "../../src/kernel/bpf/maps.ts";
import { check } from "../../src/kernel/bpf/object.ts";
import { scratchFolder } from "../support/scratch.ts";
import { skipUnless } from "../support/skip.ts";
import { pinMaps } from "./maps.ts";

const DOMAINS = 1000;
const isRoot = process.getuid?.() === 0;
let folder: string;
let pins: string;

beforeEach(() => {
  folder = scratchFolder("lsm-policies");
  if (!isRoot) return;
  mkdirSync(join(folder, "bpf"));
  execFileSync("mount", ["-t", "bpf", "bpf", join(folder, "bpf")]);
  pins = join(folder, "bpf/cofferdam");
  pinMaps(pins);
});

afterEach(() => {
  if (isRoot) execFileSync("umount", [join(folder, "bpf")]);
  rmSync(folder, { recursive: true });
});

/** A table that begins with this number. */
function table(number: number): Uint8Array {
  const bytes = Buffer.alloc(ROW_BYTES);
  bytes.writeUInt32LE(number);
  return bytes;
}

/** The number that a domain's table begins with; null if it has none. */
function numberOf(policies: number, domain: number): number | null {
  const [key, id, row] = [Buffer.alloc(4), Buffer.alloc(4), Buffer.alloc(ROW_BYTES)];
  key.writeUInt32LE(domain);
  if (libbpf().lookupElement(policies, key, id) < 0) return null;
  const inner = check("open a table", libbpf().mapById(id.readUInt32LE()));
  withFd(inner, (fd) => check("read", libbpf().lookupElement(fd, Buffer.alloc(4), row)));
  return row.readUInt32LE();
}

test("of many policies that are written at once each domain has its own", (context) => {
  skipUnless(context, isRoot, "only root writes the engine's maps");
  using engine = LsmEngine.open(pins);
  const domains = Array.from({ length: DOMAINS }, (_, at) => at + 1);
  engine?.setPolicies(domains.map((domain) => [domain, table(7 * domain)]));
  engine?.setPolicy(5, table(1));
  withFd(openPin(pins, "policies") ?? -1, (policies) => {
    for (const domain of domains)
      expect(numberOf(policies, domain)).toBe(domain === 5 ? 1 : 7 * domain);
    expect(numberOf(policies, DOMAINS + 1)).toBe(null);
  });
});

test("where a policy cannot be had, those before it are in force", (context) => {
  skipUnless(context, isRoot, "only root writes the engine's maps");
  using engine = LsmEngine.open(pins);
  function* failing(): Generator<[number, Uint8Array]> {
    yield [1, table(11)];
    yield [2, table(12)];
    throw new Error("no more");
  }
  expect(() => engine?.setPolicies(failing())).toThrow("no more");
  withFd(openPin(pins, "policies") ?? -1, (policies) =>
    expect([1, 2, 3].map((domain) => numberOf(policies, domain))).toEqual([11, 12, null]),
  );
});

test("what a killed process has attached or detached in part is not the engine", (context) => {
  skipUnless(context, isRoot, "only root writes the engine's maps");
  const isThere = () => {
    using engine = LsmEngine.open(pins);
    return engine !== null;
  };
  expect(isThere()).toBe(true);
  // As it begins to detach, and as another one begins to attach.
  const [first] = generations(pins);
  if (first === undefined) throw new Error("there is no generation");
  renameSync(join(pins, `programs-1-${first.layout}-${first.digest}`), join(pins, "part-1"));
  expect(isThere()).toBe(false);
  removeParts(pins);
  beginGeneration(pins, first);
  expect(isThere()).toBe(false);
  completeGeneration(pins, first);
  expect(isThere()).toBe(true);
  beginGeneration(pins, { ...first, number: 2 });
  unpin(pins);
  expect(existsSync(pins)).toBe(false);
});
