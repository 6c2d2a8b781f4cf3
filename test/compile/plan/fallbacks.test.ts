import { describe, expect, test } from "vitest";
import { compile } from "../../../src/compile/compile.ts";
import { sealedFallbacks } from "../../../src/compile/fallback-rows.ts";
import { featureNames } from "../../../src/kernel/features.ts";
import { type BestEffort, bestEffortNames } from "../../../src/model/policy.ts";
import { address, codesOf, host, options, planOf, policy, token } from "./fixtures.ts";

/** Needs everything that a row may ask for. */
const demanding = policy({
  names: ["rw /dev/tty", "rwcd /run/app.pid", "connect unix /run/app.sock"],
  addresses: [address("connect", "udp", 53)],
  ipc: [token("shm")],
  setUserId: ["/usr/bin/sudo"],
  syscalls: [token("memfd_create"), token("kill")],
});
const FAILS = "CFD3003";
const LOSES = "CFD3004";

test("every feature that a probe answers has a row", () => {
  expect(sealedFallbacks.map(({ feature }) => feature)).toEqual([...featureNames]);
});

test("with everything there is nothing to say", async () => {
  expect(await codesOf(demanding)).toEqual([]);
});

describe.each(sealedFallbacks)("without $feature", ({ feature, without, bestEffort }) => {
  const facts = host([feature]);

  if (without === "fail") {
    test("no domain that needs it starts", async () => {
      expect(await codesOf(demanding, { facts })).toContain(FAILS);
      await expect(planOf(demanding, { facts })).rejects.toThrow(feature);
    });
  } else if (without === "refuse") {
    test("the domain starts, and is told what is refused", async () => {
      const plan = await planOf(demanding, { facts });
      expect(plan.mediation.report.lost.some(({ why }) => why.startsWith(feature))).toBe(true);
      expect(await codesOf(demanding, { facts })).toContain(LOSES);
    });
  } else if (without === "less" || without === "unused") {
    test("the same layers are there, and nothing is said", async () => {
      expect(await codesOf(demanding, { facts })).toEqual([]);
      const [plan, whole] = [await planOf(demanding, { facts }), await planOf(demanding)];
      expect(plan.seccomp).toEqual(whole.seccomp);
      expect(plan.landlock?.paths).toEqual(whole.landlock?.paths);
    });
  } else if (without === "broker") {
    test("the domain starts, nothing is lost, and the mediator is asked no less", async () => {
      expect(await codesOf(demanding, { facts })).toEqual([]);
      const [plan, whole] = [await planOf(demanding, { facts }), await planOf(demanding)];
      const asked = (of: typeof plan) => of.mediation.report.brokered.map(({ call }) => call);
      expect(asked(plan)).toEqual(expect.arrayContaining(asked(whole)));
    });
  } else if (without === "best-effort" && bestEffort !== null) {
    test("the domain starts only where nothing else holds it and the policy agrees", async () => {
      // Where something else can hold it, target-access is what it takes.
      const bare = { facts: host([feature, "target-access", "landlock-tcp"]) };
      expect(await codesOf(demanding, bare)).toContain(FAILS);
      const agreed = { ...demanding, bestEffort: [bestEffort] };
      const plan = await planOf(agreed, bare);
      expect(plan.mediation.report.lost.some(({ why }) => why.startsWith(feature))).toBe(true);
    });
  }
});

describe.each(bestEffortNames)("best-effort: [%s]", (layer) => {
  const missing = sealedFallbacks.filter((row) => row.bestEffort === layer);
  const others = bestEffortNames.filter((name) => name !== layer);

  test.each(missing)("alone lets a domain start without $feature", async ({ feature }) => {
    const bare = { facts: host([feature, "target-access", "landlock-tcp"]) };
    const agreed = (bestEffort: readonly BestEffort[]) =>
      codesOf({ ...demanding, bestEffort }, bare);
    expect(await agreed(others)).toContain(FAILS);
    expect(await agreed([layer])).not.toContain(FAILS);
  });

  test("is about a layer that a domain is stopped for want of", () => {
    expect(missing.map(({ without }) => without)).toEqual(["best-effort"]);
  });
});

test("without landlock-tcp ports are brokered for a user, and no port is handled", async () => {
  const written = policy({ addresses: [address("connect", "tcp", 80)] });
  const user = ["cgroup-inet", "cgroup-unix", "restrict-without-nnp"] as const;
  expect((await planOf(written, { facts: host(user) })).mediation.sockets.inet).toBe("kernel");
  const plan = await planOf(written, { facts: host([...user, "landlock-tcp"]) });
  expect(plan.mediation.sockets.inet).toBe("broker");
  expect(plan.landlock).toMatchObject({ handledNet: 0n, ports: [] });
});

test("without landlock-scope signals are asked about", async () => {
  const written = policy({ syscalls: [token("kill")] });
  const asked = (plan: Awaited<ReturnType<typeof planOf>>) =>
    plan.mediation.report.brokered.map(({ call }) => call);
  expect(asked(await planOf(written))).not.toContain("kill");
  expect(asked(await planOf(written, { facts: host(["landlock-scope"]) }))).toContain("kill");
});

test("without cgroup programs sockets are brokered; what the broker lacks is lost", async () => {
  const user = { facts: host(["cgroup-inet", "cgroup-unix"]) };
  expect((await planOf(demanding, user)).mediation.sockets).toEqual({
    inet: "broker",
    unix: "broker",
  });
  const cut = { facts: host(["cgroup-inet", "cgroup-unix", "target-access"]) };
  const agreed = { ...demanding, bestEffort: ["addresses", "unix"] as const };
  expect((await planOf(agreed, cut)).mediation.sockets).toEqual({
    inet: "refused",
    unix: "refused",
  });
});

test("without a private namespace IPC grants are lost, never shared", async () => {
  const facts = host(["private-ipc"]);
  const plan = await planOf({ ...demanding, bestEffort: ["ipc"] }, { facts });
  expect(plan.identity.privateIpc).toBe(false);
  expect(plan.mediation.report.lost).toContainEqual({ rule: "ipc: shm", why: expect.any(String) });
});

test("devices without ioctl matter only where one is granted", async () => {
  const facts = host(["landlock-ioctl"]);
  expect(await codesOf(policy({ names: ["rw /dev/null", "r /etc/hostname"] }), { facts })).toEqual(
    [],
  );
  expect(await codesOf(policy({ names: ["rwi /dev/tty"] }), { facts })).toEqual([]);
  expect(await codesOf(policy({ names: ["r /**"] }), { facts })).toEqual([FAILS]);
});

test("where Landlock is switched off the probe's own reason is given, not an age", async () => {
  const off = "landlock, step ruleset: EOPNOTSUPP (it is built into the kernel but switched off)";
  const whole = host();
  const features = { ...whole.features, "landlock-files": { state: "no", why: off } as const };
  const facts = { ...whole, landlockAbi: 0, features };
  const said = (await compile(policy(), options({ facts }))).diagnostics;
  expect(said.map(({ code }) => code)).toEqual([FAILS]);
  expect(said[0]?.message).toContain(off);
  expect(said[0]?.message).not.toMatch(/ABI|since/);
});

test("a probe that could not tell counts as no", async () => {
  const facts = host();
  const unknown = {
    ...facts,
    features: { ...facts.features, "seccomp-notify": { state: "unknown", why: "EINTR" } as const },
  };
  expect(await codesOf(policy(), { facts: unknown })).toEqual([FAILS]);
});
