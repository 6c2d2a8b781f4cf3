import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  chosenEngine,
  ENGINE_KEY,
  engineOnCommandLine,
  engineSetting,
  engineTroubles,
  entersInKernel,
} from "../../src/host/engine.ts";
import type { Places } from "../../src/host/places.ts";
import { readSetting, writeSetting } from "../../src/host/settings.ts";
import { holdBackUnits, unitsHeldBack } from "../../src/host/units/hold-back.ts";
import { probeHost } from "../../src/kernel/probe/host-facts.ts";
import { scratchPlaces } from "../agent/scratch-places.ts";
import { root } from "../house/tree.ts";
import { scratchFolder } from "../support/scratch.ts";
import { skipUnless } from "../support/skip.ts";

const isRoot = process.getuid?.() === 0;
let folder: string;
let places: Places;
let file: string;

beforeEach(() => {
  folder = scratchFolder("engine");
  places = scratchPlaces(folder, root);
  for (const name of ["lib", "log", "run"]) fs.mkdirSync(join(folder, name));
  file = join(dirname(places.system.numbers), "engine");
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

/** What a kernel that takes the engine does with it: test/vm/debian/kernel-engine.test.ts. */
const isRefused = probeHost().features["bpf-lsm"].state !== "yes";

test("a host that was told nothing goes by landlock, and one that was told landlock", async () => {
  expect(readSetting(places, ENGINE_KEY)).toMatchObject({ value: "landlock", remark: null });
  expect(entersInKernel(places)).toBe(false);
  expect(await writeSetting(places, ENGINE_KEY, "landlock")).toMatchObject({ value: "landlock" });
  expect(fs.existsSync(file)).toBe(false);
  await expect(writeSetting(places, ENGINE_KEY, "kernel")).rejects.toMatchObject({
    help: "give one of these: auto, landlock, bpf-lsm",
  });
});

test("a kernel that refuses bpf-lsm: the setting is refused, nothing changes", async (context) => {
  skipUnless(context, isRoot && isRefused, "this kernel takes the engine");
  await expect(writeSetting(places, ENGINE_KEY, "bpf-lsm")).rejects.toMatchObject({
    // By the probe, since a kernel may take programs that it never runs.
    message: expect.stringContaining("this kernel does not take the bpf-lsm engine: "),
    help: expect.stringContaining("nothing was changed"),
  });
  expect(fs.existsSync(file)).toBe(false);
});

test("a kernel that refuses bpf-lsm: auto is landlock, and says why", async (context) => {
  skipUnless(context, isRoot && isRefused, "this kernel takes the engine");
  const { value, before, next } = await writeSetting(places, ENGINE_KEY, "auto");
  expect({ value, before }).toEqual({ value: "auto", before: "landlock" });
  expect(next[0]).toContain("this kernel does not take the bpf-lsm engine (");
  expect(entersInKernel(places)).toBe(false);
  const choice = chosenEngine(places, probeHost());
  expect(choice).toMatchObject({ setting: "auto", engine: "landlock", lacks: null });
  expect(engineTroubles(places, choice)).toEqual([]);
});

test("a host whose next kernel refuses what the setting names says so", (context) => {
  skipUnless(context, isRoot && isRefused, "this kernel takes the engine");
  fs.writeFileSync(file, "bpf-lsm\n");
  expect(entersInKernel(places)).toBe(true);
  expect(engineTroubles(places, chosenEngine(places, probeHost()))).toEqual([
    `${ENGINE_KEY} is bpf-lsm, which this kernel does not take: cofferdam doctor`,
  ]);
});

test("a broken file counts as the strictest value, and can be set again", async () => {
  fs.writeFileSync(file, "");
  expect(engineSetting(places)).toBe("bpf-lsm");
  const remark = `${file} names no engine; set it again`;
  expect(readSetting(places, ENGINE_KEY)).toMatchObject({ value: "bpf-lsm", remark });
  expect(engineTroubles(places, chosenEngine(places, probeHost()))[0]).toContain(remark);
  await writeSetting(places, ENGINE_KEY, "landlock");
  expect(readSetting(places, ENGINE_KEY)).toMatchObject({ value: "landlock", remark: null });
});

test.each([
  ["quiet cofferdam.engine=auto splash cofferdam.engine=landlock\n", "landlock"],
  ["quiet cofferdam.engine=\n", ""],
  ["quiet xcofferdam.engine=landlock cofferdam.engines=auto", null],
])("the last word of a boot's command line counts: %j", (line, word) => {
  expect(engineOnCommandLine(line)).toBe(word);
});

test("a boot's word goes before the setting, and one that names no engine is told", (context) => {
  skipUnless(context, isRoot, "only root gets a mount namespace here");
  const booted = (word: string) => {
    const line = join(folder, "cmdline");
    fs.writeFileSync(line, `quiet ${word}\n`);
    const mounted = 'mount --bind "$0" /proc/cmdline; exec "$@" --json';
    const doctor = ["sh", "-euc", mounted, line, join(root, "bin/cofferdam"), "doctor"];
    const { stdout } = spawnSync("unshare", ["--mount", ...doctor], { encoding: "utf8" });
    return JSON.parse(stdout).engine;
  };
  expect(booted("cofferdam.engine=auto")).toMatchObject({ setting: "auto" });
  expect(booted("cofferdam.engine=bpf-lsm")).toMatchObject({
    engine: "bpf-lsm",
    why: "this boot's cofferdam.engine is bpf-lsm",
  });
  expect(booted("cofferdam.engine=off")).toMatchObject({
    why: `${ENGINE_KEY} is landlock, as by default`,
  });
});

test("units are held back until the engine is attached, those that are named and no others", () => {
  const at = join(folder, "units");
  const held = (unit: string) => join(at, `${unit}.d/cofferdam-engine.conf`);
  // No systemd.
  expect(holdBackUnits(["a.service"], "/pins/programs-*", at)).toBe(false);
  fs.mkdirSync(join(at, "a.service.d"), { recursive: true });
  fs.writeFileSync(join(at, "a.service.d/other.conf"), "");
  expect(holdBackUnits(["a.service", "b.service"], "/pins/programs-*", at)).toBe(true);
  expect(holdBackUnits(["a.service", "b.service"], "/pins/programs-*", at)).toBe(false);
  expect(fs.readFileSync(held("b.service"), "utf8")).toMatch(
    /^# .*Engine is bpf-lsm(?:.*\n)*\[Unit\]\nAssertPathExistsGlob=\/pins\/programs-\*\n$/,
  );
  expect(unitsHeldBack(at)).toEqual(["a.service", "b.service"]);
  expect(holdBackUnits([], "/pins/programs-*", at)).toBe(true);
  expect(unitsHeldBack(at)).toEqual([]);
  expect(fs.readdirSync(at)).toEqual(["a.service.d"]);
});
