import { readdirSync, readFileSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hookGroups, wrongAbout } from "../../src/kernel/bpf/lsm/hooks.ts";
import { root } from "../house/tree.ts";
import { skipUnless } from "../support/skip.ts";
import { hookFunctions } from "./kernel-hooks.ts";

const all = hookGroups.flatMap(({ hooks }) => hooks);

test("each hook is in one group", () => {
  expect(all.filter((hook, at) => all.indexOf(hook) !== at)).toEqual([]);
});

test("the hooks that are held are those with a program", () => {
  const folder = join(root, "bpf/lsm");
  const text = readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), "utf8"))
    .join("\n");
  const programs = [...text.matchAll(/^(?:SEC\("lsm(?:\.s)?\/|\w+_HOOK\()(\w+)/gm)].map(
    ([, hook]) => hook,
  );
  const held = hookGroups.filter(({ use }) => use === "held").flatMap(({ hooks }) => hooks);
  expect([...held].sort()).toEqual([...new Set(programs)].sort());
});

test("the running kernel has these hooks and no others", (context) => {
  const names = hookFunctions();
  skipUnless(context, names.length > 0, "the kernel has no BTF, or no hooks for BPF programs");
  expect(wrongAbout(release(), names)).toEqual([]);
});

test("a hook that the table lacks, and one that the kernel lacks, are told", () => {
  const there = all.filter((hook) => wrongAbout("6.12", all).indexOf(`${hook} is there`) < 0);
  expect(wrongAbout("6.12", there)).toEqual([]);
  expect(wrongAbout("6.12", [...there, "door_open"])).toEqual(["door_open is in no group"]);
  expect(wrongAbout("6.12", there.slice(1))).toEqual([`${there[0]} is not there`]);
  expect(wrongAbout("6.12", [...there, "uring_allowed"])).toEqual(["uring_allowed is there"]);
});
