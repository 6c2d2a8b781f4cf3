import * as path from "node:path";
import { beforeAll, expect, test } from "vitest";
import { compileC } from "../support/compile-c.ts";
import { skipUnless } from "../support/skip.ts";
import { compileCases } from "../transparency/cases.ts";
import { fillWithAttackPrograms } from "./attacks.ts";
import { bundleTests, testOutcomes } from "./bundle.ts";
import { fillWithClone } from "./fill.ts";
import { INTERPRETED_NODE } from "./interpreted.ts";
import { clone, moduleFolder } from "./kernel.ts";
import { MACHINE_TIMEOUT_MS, machineMissing, runInVm } from "./machine.ts";
import type { Tree } from "./tree.ts";
import type { MachineOutcome } from "./work.ts";

/**
 * The bpf-lsm engine in Debian's stock kernel, or in the one of `COFFERDAM_KERNEL`, a folder that
 * scripts/other-kernel.sh unpacked: one boot for everything below.
 */
const missing = machineMissing();
const release = missing === null ? path.basename(moduleFolder()) : "none";
/** Of an older kernel it is tried what the commands say, and nothing else. */
const [major = 0, minor = 0] = release.split(".").map(Number);
const isCarried = major > 6 || (major === 6 && minor >= 12);
/** In the clone, where they find node_modules. */
const bundleName = (name: string) => path.join(clone, `build/vm/${name}.mjs`);
/** In the order in which they run; each goes on where the one before left the engine. */
const usual = [
  "lsm-others",
  "lsm-received",
  "lsm-units",
  "lsm-services",
  "lsm-network",
  "lsm-differences",
  "lsm-differential",
  "lsm",
] as const;
const more = [
  "lsm-launch",
  "lsm-upgrade",
  "lsm-attacks",
  "lsm-races",
  "lsm-self-protection",
  "lsm-transparency",
  "lsm-stress",
] as const;
const whole = [...usual, ...more, "lsm-after"];
/**
 * `npm run test:lsm` says `all`: the launcher, an upgrade, the attacks and the stress too, and
 * more generated policies. Then it says `lsm-killed`, which takes a machine's time for itself.
 * While one of them is worked on, its name.
 */
const chosen = process.env.COFFERDAM_LSM ?? [...usual, "lsm-after"].join(",");
const isWhole = chosen === "all";
const suites = suitesHere();

function suitesHere(): readonly string[] {
  if (!isCarried) return ["lsm-refused"];
  if (isWhole) return whole;
  return ["lsm-killed", ...whole].filter((name) => chosen.split(",").includes(name));
}

/** Generated policies of each kind. */
const CASES = isWhole ? 40 : 4;
let outcome: MachineOutcome | null = null;

function fill(tree: Tree, bundles: ReadonlyMap<string, string>): void {
  fillWithClone(tree);
  if (suites.includes("lsm-attacks") || suites.includes("lsm-races")) fillWithAttackPrograms(tree);
  if (suites.includes("lsm-transparency")) {
    compileCases(path.join(tree.folder, "vm/cases"));
    for (const name of ["echo", "false", "readlink", "rm"]) tree.program(`/usr/bin/${name}`);
  }
  tree.copy(path.join(import.meta.dirname, "guest/adopt.sh"), "vm/adopt.sh");
  for (const name of ["mkfifo", "ls", "cp", "nice"]) tree.program(`/usr/bin/${name}`);
  for (const [name, bundle] of bundles) tree.write(bundleName(name), bundle);
  const options = ["-O1", "-Wall", "-Werror", "-pthread", "-static"];
  const ours = ["crowd", "act", "moving", "writer", "many"].map((name) => `lsm/${name}.c`);
  const others = ["properties/try.c", "differential/prober.c", "attacks/self-protection/acts.c"];
  for (const source of [...ours, ...others])
    compileC(
      path.join(tree.folder, "vm", path.basename(source, ".c")),
      path.join(clone, "test", source),
      options,
    );
}

beforeAll(async () => {
  if (missing !== null) return;
  const bundles = new Map<string, string>();
  for (const name of suites) bundles.set(name, await bundleTests(`import "./guest/${name}.ts";`));
  const steps = suites.map((name) => [
    name,
    `CASES=${CASES} ${INTERPRETED_NODE} ${bundleName(name)}`,
  ]);
  const cofferdam = path.join(clone, "bin/cofferdam");
  if (isCarried) steps.push(["adopt", `sh /vm/adopt.sh ${cofferdam}`]);
  outcome = await runInVm(
    { engine: { root: { bpffs: BPFFS, ...Object.fromEntries(steps) } } },
    (tree) => fill(tree, bundles),
  );
}, MACHINE_TIMEOUT_MS);

const BPFFS = "/vm/busybox mount -t bpf bpf /sys/fs/bpf";

for (const name of suites)
  test(`${name} in Linux ${release}`, (context) => {
    skipUnless(context, missing === null, missing ?? "");
    const step = outcome?.steps.get(`engine/root/${name}`);
    const told = testOutcomes(step?.output ?? "");
    const text = `${step?.output}\n${outcome?.console}`;
    for (const line of step?.output.match(/^measured: .*$/gm) ?? []) console.log(line);
    expect(
      told.filter(({ state }) => state !== "passed").map(({ title, why }) => `${title}: ${why}`),
      text,
    ).toEqual([]);
    expect(step?.status, text).toBe(0);
    expect(told.length).toBeGreaterThan(0);
  });

if (isCarried)
  test("a running process is adopted by the command, and let go by the agent's", (context) => {
    skipUnless(context, missing === null, missing ?? "");
    const lines = outcome?.steps.get("engine/root/adopt")?.output.split("\n") ?? [];
    const text = `${lines.join("\n")}\n${outcome?.console}`;
    expect(lines, text).toContainEqual(expect.stringMatching(/process 1 is the host's/));
    const at = lines.findIndex((line) => /^held\(\d+\): enforcing; adopted 1 thread$/.test(line));
    expect(lines.slice(at + 1, at + 4), text).toEqual([
      expect.stringMatching(/^System calls as such stay open/),
      expect.stringMatching(/^What they have open stays open/),
      "  r /tmp/other",
    ]);
    expect(lines.slice(at + 4, at + 6), text).toEqual([
      "given",
      expect.stringMatching(/\bcat: \/tmp\/other: Permission denied$/),
    ]);
    // Let go, and nothing is pinned.
    expect(lines.slice(-3), text).toEqual(["given", "other", ""]);
  });
