/** Where a process is that asks Cofferdam for something, by the kernel's labels too. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { domainInKernel, kernelMembers } from "../../src/host/kernel-members.ts";
import type { Places } from "../../src/host/places.ts";
import { whereabouts } from "../../src/host/whereabouts.ts";
import { BpfError } from "../../src/kernel/bpf/errors.ts";
import { EPERM } from "../../src/kernel/constants.ts";
import { scratchPlaces } from "../agent/scratch-places.ts";
import { root } from "../house/tree.ts";
import { pinMaps } from "../lsm/maps.ts";
import { scratchFolder } from "../support/scratch.ts";
import { needsRoot } from "../support/skip.ts";

let folder: string;
let places: Places;

beforeEach(() => {
  folder = scratchFolder("whereabouts");
  places = scratchPlaces(folder, root);
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a process that the kernel's engine holds is in its domain, and in no run", () => {
  const asked: number[] = [];
  const where = whereabouts(process.pid, places, (_, pid) => {
    asked.push(pid);
    return { domain: "web", number: 7 };
  });
  expect(where).toEqual({ kind: "domain", member: { domain: "web", number: 7, run: null } });
  expect(asked).toEqual([process.pid]);
});

test("what it does not hold is outside, and what it does not tell is unknown", () => {
  expect(whereabouts(process.pid, places, () => null)).toEqual({ kind: "outside" });
  const refused = () => {
    throw new BpfError("read a process's domain", EPERM);
  };
  expect(whereabouts(process.pid, places, refused)).toEqual({ kind: "unknown" });
  const fault = () => {
    throw new TypeError("a fault");
  };
  expect(() => whereabouts(process.pid, places, fault)).toThrow(TypeError);
});

test("where the engine is not attached, the kernel knows of none", () => {
  expect(domainInKernel(places, process.pid)).toBe(null);
  expect(whereabouts(process.pid, places)).toEqual({ kind: "outside" });
});

test("where it is attached, a process without a label is in none", async (context) => {
  needsRoot(context);
  const bpf = dirname(places.system.lsmPins);
  mkdirSync(bpf);
  execFileSync("mount", ["-t", "bpf", "bpf", bpf]);
  try {
    pinMaps(places.system.lsmPins);
    expect(domainInKernel(places, process.pid)).toBe(null);
    expect(kernelMembers(places, [process.pid]).size).toBe(0);
    expect(whereabouts(process.pid, places)).toEqual({ kind: "outside" });
    const child = spawn("true");
    await once(child, "exit");
    expect(domainInKernel(places, child.pid ?? 0)).toBe(null);
  } finally {
    execFileSync("umount", [bpf]);
  }
});
