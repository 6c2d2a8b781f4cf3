import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "../../src/plan/canonical-json.ts";
import { decodePlan } from "../../src/plan/decode.ts";
import { encodePlan } from "../../src/plan/encode.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { plans, samplePlan } from "./sample.ts";

test("decode gives back what was encoded, in canonical order", () => {
  fc.assert(
    fc.property(plans, (plan) => {
      expect(canonical(decodePlan(encodePlan(plan)))).toEqual(canonical(plan));
    }),
  );
});

test("same plan, same bytes, whatever the order of its parts", () => {
  fc.assert(
    fc.property(plans, (plan) => {
      const bytes = encodePlan(plan);
      expect(encodePlan(reversed(plan))).toEqual(bytes);
      expect(encodePlan(decodePlan(bytes))).toEqual(bytes);
    }),
  );
});

test("a plan of the kernel's engine has a filter at enforcing, and nothing else ever", () => {
  const filter = { filter: new Uint8Array(8), flags: 0, listener: false };
  const plan: Plan = {
    ...samplePlan(),
    ...{ engine: "bpf-lsm", number: 7, mode: "sealed", level: "enforcing" },
    ...{ landlock: null, cgroup: null, seccomp: filter },
  };
  expect(decodePlan(encodePlan(plan))).toMatchObject({ engine: "bpf-lsm", landlock: null });
  for (const level of ["warning", "disabled"] as const) {
    expect(() => encodePlan({ ...plan, level })).toThrow("with a filter");
    const bare = decodePlan(encodePlan({ ...plan, level, seccomp: null }));
    expect(bare).toMatchObject({ engine: "bpf-lsm", level, seccomp: null });
  }
  expect(() => encodePlan({ ...plan, seccomp: null })).toThrow("without a filter");
  expect(() => encodePlan({ ...plan, number: null })).toThrow("without a domain");
  expect(() => encodePlan({ ...plan, mode: "supervised" })).toThrow("of the other one");
  expect(() => encodePlan({ ...plan, landlock: samplePlan().landlock })).toThrow("other one");
  expect(() => encodePlan({ ...plan, seccomp: { ...filter, listener: true } })).toThrow("listener");
});

test("a plan that confines nothing is written at level disabled only", () => {
  const plan = samplePlan();
  expect(() => encodePlan({ ...plan, landlock: null })).toThrow("without Landlock");
  expect(() => encodePlan({ ...plan, seccomp: null })).toThrow("without a seccomp filter");
  expect(() => encodePlan({ ...plan, level: "disabled" })).toThrow("with layers");
  const bare: Plan = { ...plan, level: "disabled", landlock: null, seccomp: null, cgroup: null };
  expect(decodePlan(encodePlan(bare))).toMatchObject({
    level: "disabled",
    landlock: null,
    seccomp: null,
    cgroup: null,
  });
});

test("values that do not fit are errors, not other values", () => {
  const plan = samplePlan();
  expect(() => encodePlan({ ...plan, domain: "a\0b" })).toThrow("NUL");
  expect(() => encodePlan({ ...plan, domain: "\ud800" })).toThrow("UTF-8");
  expect(() =>
    encodePlan({ ...plan, identity: { ...plan.identity, bounding: 2n ** 64n, ambient: 0n } }),
  ).toThrow("bounding");
  expect(() =>
    encodePlan({ ...plan, identity: { ...plan.identity, bounding: 0n, ambient: 1n } }),
  ).toThrow("ambient");
  const fact = {
    kind: "node",
    path: "/",
    mode: -1,
    dev: 0n,
    ino: 0n,
    size: 0n,
    ctimeNs: 0n,
    role: "authority",
  } as const;
  expect(() => encodePlan({ ...plan, facts: [fact] })).toThrow("mode");
});

function canonical(plan: Plan): unknown {
  const byText = (a: unknown, b: unknown) => (text(a) < text(b) ? -1 : 1);
  return JSON.parse(
    text({
      ...plan,
      facts: [...plan.facts].sort(byText),
      identity: {
        ...plan.identity,
        user: plan.identity.user && {
          ...plan.identity.user,
          groups: [...plan.identity.user.groups].sort(byText),
        },
      },
      landlock: plan.landlock && {
        ...plan.landlock,
        paths: [...plan.landlock.paths].sort(byText),
        ports: [...plan.landlock.ports].sort(byText),
      },
      cgroup: plan.cgroup && { ...plan.cgroup, programs: [...plan.cgroup.programs].sort(byText) },
    }),
  );
}

function reversed(plan: Plan): Plan {
  const { landlock, cgroup, identity } = plan;
  return {
    ...plan,
    facts: stableReverse(plan),
    identity: {
      ...identity,
      user: identity.user && { ...identity.user, groups: [...identity.user.groups].reverse() },
    },
    landlock: landlock && {
      ...landlock,
      paths: [...landlock.paths].reverse(),
      ports: [...landlock.ports].reverse(),
    },
    cgroup: cgroup && { ...cgroup, programs: [...cgroup.programs].reverse() },
    mediation: Object.fromEntries(
      Object.entries(plan.mediation).reverse(),
    ) as unknown as Plan["mediation"],
  };
}

/** Facts of one kind and path are a contradiction, not an order; they stay as they are. */
function stableReverse({ facts }: Plan): Plan["facts"] {
  const paths = facts.map((fact) => ("path" in fact ? fact.path : fact.kind));
  return new Set(paths).size === paths.length ? [...facts].reverse() : facts;
}

function text(value: unknown): string {
  return canonicalJson(
    JSON.parse(
      JSON.stringify(value, (_, part) => {
        if (typeof part === "bigint") return `${part}n`;
        return part instanceof Uint8Array ? [...part] : part;
      }),
    ),
  );
}
