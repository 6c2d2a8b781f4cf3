/** Units on the engine's maps: this kernel's, without the programs. */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DROP_IN } from "../../src/host/units/unit.ts";
import { groupOfSlice, groupsIn } from "../../src/host/units/unit-groups.ts";
import { libbpf } from "../../src/kernel/bpf/libbpf.ts";
import { LsmEngine } from "../../src/kernel/bpf/lsm/engine.ts";
import { mapPin } from "../../src/kernel/bpf/lsm/pins.ts";
import { withFd } from "../../src/kernel/bpf/maps.ts";
import { check } from "../../src/kernel/bpf/object.ts";
import { scratchFolder } from "../support/scratch.ts";
import { skipUnless } from "../support/skip.ts";
import { pinMaps } from "./maps.ts";

const isRoot = process.getuid?.() === 0;
let folder: string;
let pins: string;

beforeEach(() => {
  folder = scratchFolder("lsm-units");
  pins = join(folder, "cofferdam");
  if (!isRoot) return;
  execFileSync("mount", ["-t", "bpf", "bpf", folder]);
  pinMaps(pins);
});

afterEach(() => {
  if (isRoot) execFileSync("umount", [folder]);
  rmSync(folder, { recursive: true });
});

function engine<T>(look: (engine: LsmEngine) => T): T {
  using attached = LsmEngine.open(pins);
  if (attached === null) throw new Error("no maps are pinned");
  return look(attached);
}

function generation(): number {
  const value = Buffer.alloc(4);
  const opened = check("open a map", libbpf().openPinned(mapPin(pins, "unit_generations")));
  withFd(opened, (fd) => check("read", libbpf().lookupElement(fd, Buffer.alloc(4), value)));
  return value.readUInt32LE();
}

test("a slice lies in those that its name begins with", () => {
  expect(groupOfSlice("system.slice")).toBe("/system.slice");
  expect(groupOfSlice("system-postgresql.slice")).toBe("/system.slice/system-postgresql.slice");
  expect(groupOfSlice("a-b-c.slice")).toBe("/a.slice/a-b.slice/a-b-c.slice");
  expect([groupOfSlice("-.slice"), groupOfSlice("")]).toEqual(["", ""]);
});

test("the groups of units that this host has, and that enter through no launcher", () => {
  const block = (id: string, state: string, slice: string, dropIns = "") =>
    `Slice=${slice}\nId=${id}\nLoadState=${state}\nDropInPaths=${dropIns}\n`;
  const told = [
    block("nginx.service", "loaded", "web.slice", "/etc/systemd/system/nginx.service.d/own.conf"),
    block("ssh.service", "loaded", "system.slice"),
    block("gone.service", "not-found", ""),
    block(
      "held.service",
      "loaded",
      "system.slice",
      `/etc/systemd/system/held.service.d/${DROP_IN}`,
    ),
  ].join("\n");
  const names = ["nginx.service", "sshd.service", "gone.service", "held.service"];
  expect([...(groupsIn(told, names) ?? [])]).toEqual([
    ["nginx.service", "/web.slice/nginx.service"],
    ["sshd.service", "/system.slice/ssh.service"],
  ]);
  // No unit leaves the table because systemd told half.
  expect([groupsIn(told, names.slice(1)), groupsIn("", names)]).toEqual([null, null]);
});

test("what was looked up before counts until units have changed", (context) => {
  skipUnless(context, isRoot, "only root mounts a bpf file system");
  expect(generation()).toBe(0);
  const first = new Map([
    ["/system.slice/one.service", 1],
    ["/system.slice/two.service", 2],
  ]);
  engine((it) => it.setUnits(first));
  expect(engine((it) => it.units())).toEqual(first);
  expect(generation()).toBe(1);
  engine((it) => it.setUnits(first));
  expect(generation()).toBe(1);
  const second = new Map([["/system.slice/two.service", 3]]);
  engine((it) => it.setUnits(second));
  expect(engine((it) => it.units())).toEqual(second);
  expect(generation()).toBe(2);
});

test("a path that the programs would cut is refused, and changes nothing", (context) => {
  skipUnless(context, isRoot, "only root mounts a bpf file system");
  const name = (length: number) => `${"x".repeat(length - ".service".length)}.service`;
  const longest = `/system.slice/${name(125)}`;
  engine((it) => it.setUnits(new Map([[longest, 1]])));
  for (const path of [`/system.slice/${name(126)}`, `/${"y".repeat(126)}/x.service`])
    expect(() => engine((it) => it.setUnits(new Map([[path, 1]])))).toThrow(/too long/);
  expect(engine((it) => [...it.units().keys()])).toEqual([longest]);
});
