import { chmodSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { capabilityMask } from "../../src/kernel/capability-mask.ts";
import { CAP_DAC_OVERRIDE } from "../../src/kernel/constants.ts";
import { OWN_GROUP } from "../../src/kernel/probe/caller.ts";
import { probeCgroup } from "../../src/kernel/probe/cgroup.ts";
import { quick } from "../../src/kernel/quick.ts";
import { Arena, arenaMissing, needsArena } from "./arena.ts";

/** _LINUX_CAPABILITY_VERSION_3 for this thread (linux/capability.h). */
const header = Buffer.from(BigUint64Array.of(0x20080522n).buffer);
const sets = { CapEff: 0, CapPrm: 4, CapInh: 8 } as const;

let arena: Arena;
beforeAll(() => {
  if (arenaMissing() === null) arena = new Arena();
});
afterAll(() => arena?.remove());
beforeEach(needsArena);

/** The three sets of this thread, as capset(2) takes them. */
function capabilities(): Buffer {
  const status = readFileSync("/proc/thread-self/status", "latin1");
  const data = Buffer.alloc(24);
  for (const [name, at] of Object.entries(sets)) {
    const mask = BigInt(`0x${new RegExp(`^${name}:\\t(.*)$`, "m").exec(status)?.[1]}`);
    data.writeUInt32LE(Number(mask & 0xffff_ffffn), at);
    data.writeUInt32LE(Number(mask >> 32n), at + 12);
  }
  return data;
}

function without<T>(capability: number, act: () => T): T {
  const all = capabilities();
  const less = Buffer.from(all);
  const mask = Number(capabilityMask(capability));
  less.writeUInt32LE((less.readUInt32LE(sets.CapEff) & ~mask) >>> 0, sets.CapEff);
  expect(quick.capset(header, less)).toBe(0);
  try {
    return act();
  } finally {
    expect(quick.capset(header, all)).toBe(0);
  }
}

test("without CAP_DAC_OVERRIDE programs are tried in Cofferdam's own group", () => {
  const probed = () => without(CAP_DAC_OVERRIDE, () => probeCgroup(arena.cgroup2));
  // As systemd mounts the root of the hierarchy.
  chmodSync(arena.cgroup2, 0o555);
  expect(probed()["cgroup-inet"]).toMatchObject({ state: "no" });
  mkdirSync(join(arena.cgroup2, OWN_GROUP));
  expect(probed()).toEqual({ "cgroup-inet": { state: "yes" }, "cgroup-unix": { state: "yes" } });
  const left = readdirSync(join(arena.cgroup2, OWN_GROUP), { withFileTypes: true });
  expect(left.filter((entry) => entry.isDirectory())).toEqual([]);
});
