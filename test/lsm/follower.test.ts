/** The agent on the engine's maps: this kernel's, without the programs. */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type DomainEntry, inForce } from "../../src/agent/entry.ts";
import { LsmFollower } from "../../src/agent/lsm-follower.ts";
import type { Event } from "../../src/events/event.ts";
import { type EngineSetting, entersInKernel } from "../../src/host/engine.ts";
import { load } from "../../src/host/load.ts";
import { attachedEngine } from "../../src/host/lsm.ts";
import { prepareEngine } from "../../src/host/lsm-entries.ts";
import { launcherOf, type Places } from "../../src/host/places.ts";
import type { LsmEngine } from "../../src/kernel/bpf/lsm/engine.ts";
import type { Level } from "../../src/model/level.ts";
import { scratchPlaces } from "../agent/scratch-places.ts";
import { root } from "../house/tree.ts";
import { scratchFolder } from "../support/scratch.ts";
import { skipUnless } from "../support/skip.ts";
import { pinMaps } from "./maps.ts";

const isRoot = process.getuid?.() === 0;
const SYSTEMD = "/usr/lib/systemd/systemd";
let folder: string;
let places: Places;
let levels: Map<string, Level>;
let entries: DomainEntry[];
let told: Event[];
let said: string[];
let follower: LsmFollower;

beforeEach(() => {
  folder = scratchFolder("lsm-follower");
  places = scratchPlaces(folder, root);
  for (const name of ["bpf", "domains", "lib", "run"]) mkdirSync(join(folder, name));
  levels = new Map();
  entries = [];
  told = [];
  said = [];
  const levelOf = ({ name }: DomainEntry) => levels.get(name) ?? null;
  const table = {
    get entries() {
      return entries;
    },
    levelOf,
  };
  follower = new LsmFollower(
    places,
    () => table,
    () => [process.pid],
    (event) => void told.push(event),
    (text) => void said.push(text),
  );
  if (!isRoot) return;
  execFileSync("mount", ["-t", "bpf", "bpf", join(folder, "bpf")]);
});

afterEach(() => {
  if (isRoot) execFileSync("umount", [join(folder, "bpf")]);
  rmSync(folder, { recursive: true });
});

function domain(name: string, number: number, more: string): void {
  const file = join(folder, "domains", `${name}.yaml`);
  writeFileSync(file, `summary: a domain\nlevel: enforcing\n${more}`);
  const { policy } = load(places, { name });
  entries = entries.filter((one) => one.name !== name);
  const rest = { digest: null, basis: null, problems: null };
  entries.push({ name, number, file, policy: policy && inForce(policy), ...rest });
  levels.set(name, "enforcing");
}

async function setEngine(setting: EngineSetting): Promise<void> {
  await prepareEngine(places, setting).place();
}

function engine<T>(look: (engine: LsmEngine) => T): T {
  using attached = attachedEngine(places);
  if (attached === null) throw new Error("no maps are pinned");
  return look(attached);
}

test("without the engine and without the setting nothing is done", (context) => {
  skipUnless(context, isRoot, "only root mounts a bpf file system");
  domain("one", 1, "");
  follower.policies(null);
  follower.levels(null);
  expect(attachedEngine(places)).toBe(null);
  expect(told).toEqual([]);
});

test("levels and policies of what is in force follow, and nothing else gets in", (context) => {
  skipUnless(context, isRoot, "only root mounts a bpf file system");
  pinMaps(places.system.lsmPins);
  domain("one", 1, "enter: [{ exec: /usr/bin/true }]\n");
  domain("two", 2, "");
  engine((it) => it.setLevel(1, "disabled"));
  levels.set("one", "warning");
  follower.levels(2);
  expect(engine((it) => [...it.levels()])).toEqual([[1, "disabled"]]);
  follower.levels(1);
  expect(engine((it) => [...it.levels()])).toEqual([[1, "warning"]]);
  levels.set("one", "enforcing");
  follower.policies(new Set(["one", "two"]));
  expect(engine((it) => [...it.levels()])).toEqual([[1, "enforcing"]]);
  expect(engine((it) => it.executables())).toEqual([]);
  expect(told).toEqual([]);
});

test("with the setting, executables lead into domains by the kernel's names", async (context) => {
  skipUnless(context, isRoot, "only root mounts a bpf file system");
  pinMaps(places.system.lsmPins);
  const bin = join(folder, "bin");
  mkdirSync(bin);
  copyFileSync("/usr/bin/true", join(bin, "real"));
  symlinkSync("real", join(bin, "link"));
  symlinkSync(bin, join(folder, "other"));
  domain("one", 1, `enter: [{ exec: ${bin}/link }, { exec: ${folder}/other/late }]\n`);
  domain("two", 2, "");
  domain("three", 3, "");
  await setEngine("bpf-lsm");
  expect(entersInKernel(places)).toBe(true);
  follower.policies(null);
  const real = { from: 0, path: join(bin, "real"), into: 1 };
  const late = { from: 0, path: join(bin, "late"), into: 1 };
  const executables = () =>
    [...engine((it) => it.executables())].sort((a, b) => (a.path < b.path ? -1 : 1));
  expect(executables()).toEqual([late, real]);
  expect(engine((it) => [...it.levels()])).toEqual([[1, "enforcing"]]);
  // One domain's policy changes: the others' rules stay, and a file that is broken changes none.
  domain("two", 2, `enter: [{ exec: ${bin}/two }]\n`);
  follower.policies(new Set(["two"]));
  expect(executables()).toEqual([late, real, { from: 0, path: join(bin, "two"), into: 2 }]);
  writeFileSync(join(folder, "domains/one.yaml"), "nonsense: [");
  follower.policies(null);
  expect(executables()).toHaveLength(3);
  await setEngine("landlock");
  follower.policies(null);
  expect(executables()).toEqual([]);
  expect(engine((it) => [...it.levels()].length)).toBe(2);
  expect(told).toEqual([]);
});

test("an executable with a name that the engine cannot take is told of once", async (context) => {
  skipUnless(context, isRoot, "only root mounts a bpf file system");
  pinMaps(places.system.lsmPins);
  const long = `/${"x".repeat(200)}/${"y".repeat(200)}`;
  domain("one", 1, `enter: [{ exec: ${long} }]\n`);
  await setEngine("bpf-lsm");
  follower.policies(null);
  follower.policies(null);
  expect(told).toMatchObject([{ verdict: "failed", operation: "engine not switched" }]);
});

test("no policy takes Cofferdam or the host's first process into a domain", async (context) => {
  skipUnless(context, isRoot, "only root mounts a bpf file system");
  pinMaps(places.system.lsmPins);
  const [node, launcher, first] = [process.execPath, launcherOf(places), SYSTEMD];
  const link = join(folder, "link");
  symlinkSync(node, link);
  const other = join(folder, "other");
  const ours = [node, link, launcher, first].map((path) => `{ exec: ${path} }`).join(", ");
  domain("one", 1, `enter: [${ours}, { exec: ${other} }]\n`);
  domain("two", 2, `transitions: [${node} -> one]\n`);
  domain("three", 3, "enter: [{ exec: /usr/bin/true }]\n");
  await setEngine("bpf-lsm");
  // As an earlier version left it, with a policy that cannot be read any more.
  writeFileSync(join(folder, "domains/three.yaml"), "nonsense: [");
  engine((it) => it.setLevel(2, "enforcing"));
  engine((it) => it.setExecutable(0, node, 3));
  engine((it) => it.setUnits(new Map([["/system.slice/cofferdam-agent.service", 3]])));
  follower.policies(null);
  follower.policies(null);
  expect(new Set(engine((it) => it.executables()))).toEqual(
    new Set([
      { from: 0, path: other, into: 1 },
      { from: 2, path: node, into: 1 },
    ]),
  );
  expect(engine((it) => [...it.units()])).toEqual([]);
  const left = said.filter((text) => text.includes("does not enter"));
  expect(left).toHaveLength(4);
  for (const [path, name, why] of [
    [node, "one", "Cofferdam's agent and commands run in it"],
    [node, "three", "Cofferdam's agent and commands run in it"],
    [launcher, "one", "it is a program of Cofferdam's"],
    [first, "one", "the host's first process executes it"],
  ])
    expect(left.join("\n")).toContain(`who executes ${path} does not enter ${name}: ${why}`);
  expect(told).toEqual([]);
});
