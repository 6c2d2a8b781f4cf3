import { expect, test } from "vitest";
import { renderDoctor, sealingAbility, supervisingAbility } from "../../src/cli/render/doctor.ts";
import { compile } from "../../src/compile/compile.ts";
import { chooseEngine, type EngineSetting } from "../../src/host/engine.ts";
import {
  type FeatureName,
  featureNames,
  type HostFacts,
  type Probe,
} from "../../src/kernel/host-facts.ts";
import { options, policy } from "../compile/plan/fixtures.ts";

const why =
  "the kernel answered EOPNOTSUPP, which happens where Landlock was left out of the list " +
  "of security modules";

function hostWith(probe: Probe, except: Partial<Record<FeatureName, Probe>> = {}): HostFacts {
  const features = Object.fromEntries(featureNames.map((name) => [name, probe])) as Record<
    FeatureName,
    Probe
  >;
  return {
    kernel: { release: "6.12.0", version: "#1", machine: "x86_64" },
    landlockAbi: 6,
    features: { ...features, ...except },
    caller: { uid: 1000, gid: 1000, capabilities: 0n },
    cgroup2: null,
    ptraceScope: 0,
    corePattern: "core",
  };
}

const shown = (facts: HostFacts, setting: EngineSetting = "landlock"): string =>
  renderDoctor(facts, chooseEngine({ setting, isOfBoot: false }, true, facts), 80);

test("every feature has a line with its answer and what it means, within 80 columns", () => {
  const probes: readonly Probe[] = [
    { state: "yes" },
    { state: "no", why },
    { state: "unknown", why },
  ];
  for (const probe of probes) {
    const lines = shown(hostWith(probe)).split("\n");
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    const word = { yes: "yes", no: "no", unknown: "could not tell" }[probe.state];
    for (const name of featureNames) {
      const line = lines.find((text) => text.startsWith(`${name} `));
      expect(line, name).toMatch(new RegExp(`^${name} +${word} +\\S`));
    }
  }
});

test("a probe that said no shows why, complete", () => {
  const text = shown(hostWith({ state: "yes" }, { openat2: { state: "no", why } }));
  expect(text.replaceAll(/\s+/g, " ")).toContain(why);
});

test("where the kernel is too old, and only there, the release that has it is named", () => {
  const text = (probe: Probe) =>
    shown(hostWith({ state: "yes" }, { "landlock-tcp": probe })).replaceAll(/\s+/g, " ");
  const old = { state: "no", why: "Landlock ABI 3, 4 is needed", byKernel: true } as const;
  expect(text(old)).toContain("ABI 3, 4 is needed; Linux has it since 6.7; with it, ");
  expect(text({ state: "no", why })).not.toContain("since");
});

test("a host without Landlock, or where nobody could tell, cannot seal", () => {
  expect(sealingAbility(hostWith({ state: "yes" }))).toEqual({ state: "able" });
  const facts = hostWith({ state: "yes" }, { "landlock-files": { state: "unknown", why } });
  expect(sealingAbility(facts)).toEqual({ state: "unable", missing: ["landlock-files"] });
  expect(shown(facts)).toContain("cannot seal");
});

test.each(featureNames)("doctor says what a start would say of a host without %s", async (name) => {
  const facts = { ...hostWith({ state: "yes" }, { [name]: { state: "no", why } }), landlockAbi: 9 };
  const starts = async (mediation: "sealed" | "supervised") =>
    (await compile({ ...policy(), mediation }, options({ facts }))).plan !== null;
  expect(sealingAbility(facts).state === "able").toBe(await starts("sealed"));
  expect(supervisingAbility(facts).state === "able").toBe(await starts("supervised"));
});

test("what supervision lacks is said; where Yama wants ancestors, one stays", () => {
  expect(
    supervisingAbility(hostWith({ state: "yes" }, { "landlock-files": { state: "no", why } })),
  ).toEqual({
    state: "able",
  });
  const blind = hostWith({ state: "yes" }, { "target-access": { state: "no", why } });
  expect(supervisingAbility(blind)).toEqual({ state: "unable", missing: ["target-access"] });
  expect(shown(blind)).toContain("cannot supervise");
  expect(supervisingAbility({ ...blind, ptraceScope: 1 })).toEqual({ state: "able" });
  expect(shown({ ...blind, ptraceScope: 1 })).toContain("ptrace_scope is 1");
});

test("the engine: which, by which setting and probe, and why not the other", () => {
  const words = (facts: HostFacts, setting: EngineSetting) => {
    const text = shown(facts, setting);
    expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
    return text.replaceAll(/\s+/g, " ");
  };
  const with_ = hostWith({ state: "yes" });
  const without = hostWith({ state: "yes" }, { "bpf-lsm": { state: "no", why } });
  expect(words(with_, "landlock")).toContain(
    "engine landlock: /UserVars/Engine is landlock, as by default not bpf-lsm: its probe succeeds,",
  );
  expect(words(without, "landlock")).toContain(`not bpf-lsm: ${why}`);
  expect(words(with_, "auto")).toContain(
    "engine bpf-lsm: /UserVars/Engine is auto, and its probe succeeds not landlock: it is for",
  );
  expect(words(without, "auto")).toContain(
    `engine landlock: /UserVars/Engine is auto not bpf-lsm: ${why}`,
  );
  expect(words(with_, "bpf-lsm")).toContain("engine bpf-lsm: /UserVars/Engine is bpf-lsm not");
  expect(words(without, "bpf-lsm")).toContain(
    `The bpf-lsm engine cannot be used here: ${why}. So nothing enters a domain by itself`,
  );
  for (const setting of ["auto", "landlock", "bpf-lsm"] as const) {
    const inForce = { setting, isOfBoot: false };
    const lacks = chooseEngine(inForce, true, without).lacks;
    expect(lacks).toBe(setting === "bpf-lsm" ? why : null);
    // A probe that could not tell counts as one that failed.
    const unsure = hostWith({ state: "yes" }, { "bpf-lsm": { state: "unknown", why } });
    expect(chooseEngine(inForce, true, unsure)).toEqual(chooseEngine(inForce, true, without));
    // An ordinary user has no domain there, whatever the host's setting.
    expect(chooseEngine(inForce, false, with_).engine).toBe("landlock");
  }
});
