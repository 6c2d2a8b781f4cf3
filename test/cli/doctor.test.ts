import { expect, test } from "vitest";
import { renderDoctor, sealingAbility, supervisingAbility } from "../../src/cli/render/doctor.ts";
import { compile } from "../../src/compile/compile.ts";
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

test("every feature has a line with its answer and what it means, within 80 columns", () => {
  const probes: readonly Probe[] = [
    { state: "yes" },
    { state: "no", why },
    { state: "unknown", why },
  ];
  for (const probe of probes) {
    const lines = renderDoctor(hostWith(probe), 80).split("\n");
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    const word = { yes: "yes", no: "no", unknown: "could not tell" }[probe.state];
    for (const name of featureNames) {
      const line = lines.find((text) => text.startsWith(`${name} `));
      expect(line, name).toMatch(new RegExp(`^${name} +${word} +\\S`));
    }
  }
});

test("a probe that said no shows why, complete", () => {
  const text = renderDoctor(hostWith({ state: "yes" }, { openat2: { state: "no", why } }), 80);
  expect(text.replaceAll(/\s+/g, " ")).toContain(why);
});

test("where the kernel is too old, and only there, the release that has it is named", () => {
  const text = (probe: Probe) =>
    renderDoctor(hostWith({ state: "yes" }, { "landlock-tcp": probe }), 80).replaceAll(/\s+/g, " ");
  const old = { state: "no", why: "Landlock ABI 3, 4 is needed", byKernel: true } as const;
  expect(text(old)).toContain("ABI 3, 4 is needed; Linux has it since 6.7; with it, ");
  expect(text({ state: "no", why })).not.toContain("since");
});

test("a host without Landlock, or where nobody could tell, cannot seal", () => {
  expect(sealingAbility(hostWith({ state: "yes" }))).toEqual({ state: "able" });
  const facts = hostWith({ state: "yes" }, { "landlock-files": { state: "unknown", why } });
  expect(sealingAbility(facts)).toEqual({ state: "unable", missing: ["landlock-files"] });
  expect(renderDoctor(facts, 80)).toContain("cannot seal");
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
  expect(renderDoctor(blind, 80)).toContain("cannot supervise");
  expect(supervisingAbility({ ...blind, ptraceScope: 1 })).toEqual({ state: "able" });
  expect(renderDoctor({ ...blind, ptraceScope: 1 }, 80)).toContain("ptrace_scope is 1");
});
