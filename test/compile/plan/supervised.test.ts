import { describe, expect, test } from "vitest";
import { supervisedFallbacks } from "../../../src/compile/fallback-rows.ts";
import { CAP_SYS_PTRACE } from "../../../src/kernel/constants.ts";
import type { FeatureName } from "../../../src/kernel/host-facts.ts";
import type { IpcKind } from "../../../src/kinds/ipc/model.ts";
import { decodePlan } from "../../../src/plan/decode.ts";
import { encodePlan } from "../../../src/plan/encode.ts";
import { codesOf, host, planOf, policy, token } from "./fixtures.ts";

const everyCapability = (1n << 41n) - 1n;
const membership = {
  prepareCgroup: () => Promise.resolve({ anchor: "/sys/fs/cgroup/cofferdam/test", programs: [] }),
};
const supervised = policy({ mediation: "supervised", capabilities: [token("setuid")] });
const warning = { ...supervised, mediation: "sealed", level: "warning" } as const;
const detail = (plan: Awaited<ReturnType<typeof planOf>>, name: string) =>
  plan.mediation.report.layers.find((layer) => layer.name === name)?.detail ?? "";

test("a supervised plan has a filter, an empty cgroup and no irrevocable layer", async () => {
  for (const written of [supervised, warning]) {
    const plan = await planOf(written, membership);
    expect(plan).toMatchObject({
      mode: "supervised",
      landlock: null,
      attended: false,
      cgroup: { programs: [] },
    });
    expect(plan.seccomp).toMatchObject({ listener: true });
    expect(plan.mediation).toMatchObject({
      sockets: { inet: "broker", unix: "broker" },
      kernelCreates: [],
      live: false,
    });
    expect(decodePlan(encodePlan(plan))).toEqual(plan);
  }
});

test("enforcing sets the bounding set and no_new_privs; warning sets neither", async () => {
  const [hard, soft] = [await planOf(supervised, membership), await planOf(warning, membership)];
  expect(hard.identity).toMatchObject({ bounding: 1n << 7n, noNewPrivileges: true });
  expect(soft.identity).toMatchObject({ bounding: everyCapability, noNewPrivileges: false });
});

test("at warning a caller that needs no_new_privs has it, and the plan says so", async () => {
  const plan = await planOf(warning, { facts: host(["restrict-without-nnp"]), ...membership });
  expect(plan.identity.noNewPrivileges).toBe(true);
  expect(detail(plan, "privileges on exec")).toContain("no_new_privs");
});

test("only enforcing makes an IPC namespace; without one the grant is lost there", async () => {
  const ipc = { ipc: [token<IpcKind>("shm")] };
  expect((await planOf({ ...supervised, ...ipc }, membership)).identity.privateIpc).toBe(true);
  const soft = await planOf(
    { ...warning, ...ipc },
    { facts: host(["private-ipc"]), ...membership },
  );
  expect(soft.identity.privateIpc).toBe(false);
  expect(soft.mediation.policy).toMatchObject({ ipc: [{ token: "shm" }] });
  const lost = { ...supervised, ...ipc, bestEffort: ["ipc"] } as const;
  const hard = await planOf(lost, { facts: host(["private-ipc"]), ...membership });
  expect(hard.mediation.policy).toMatchObject({ ipc: [] });
});

describe("level", () => {
  test("a level set for the domain overrides the policy's; its file is a fact", async () => {
    const levelFile = "/nowhere/levels/test";
    const plan = await planOf(supervised, {
      level: "warning",
      number: 3,
      live: true,
      levelFile,
      ...membership,
    });
    expect(plan).toMatchObject({
      level: "warning",
      number: 3,
      attended: false,
      mediation: { live: true },
    });
    expect(plan.facts).toContainEqual({
      kind: "absent",
      path: levelFile,
      role: "authority",
    });
    expect(await planOf(policy(), { level: "warning", ...membership })).toMatchObject({
      mode: "supervised",
    });
    expect(await planOf(warning, { level: "enforcing", ...membership })).toMatchObject({
      mode: "sealed",
    });
    expect(await planOf(warning, { level: "disabled", ...membership })).toMatchObject({
      seccomp: null,
    });
  });

  test("a level that was given for this run stays, and the front waits for the run", async () => {
    for (const level of ["warning", "enforcing"] as const) {
      const plan = await planOf(policy(), {
        level,
        fixed: true,
        number: 3,
        live: true,
        ...membership,
      });
      expect(plan).toMatchObject({ level, attended: true, mediation: { live: false } });
    }
    const disabled = await planOf(policy(), { level: "disabled", fixed: true });
    expect(disabled.attended).toBe(false);
  });

  test("without a number there is nothing to follow", async () => {
    expect((await planOf(supervised, { live: true, ...membership })).mediation.live).toBe(false);
  });
});

describe("where Yama lets only ancestors look", () => {
  const user = { uid: 1000, gid: 1000, capabilities: 0n };
  const facts = host(["target-access", "restrict-without-nnp", "cgroup-unix"], {
    caller: user,
    ptraceScope: 1,
  });

  test("the front stays the daemon's ancestor, and nothing is lost but speed", async () => {
    for (const written of [supervised, warning, policy({ names: ["connect unix /run/a.sock"] })]) {
      const plan = await planOf(written, { facts });
      expect(plan.attended).toBe(true);
      expect(plan.mediation.sockets.unix).toBe("broker");
      const speed = /^cgroup-(inet|unix) is missing .*the mediator decides each connect and send$/;
      for (const { why } of plan.mediation.report.lost) expect(why).toMatch(speed);
    }
  });

  test("with CAP_SYS_PTRACE, or without Yama, the front need not stay", async () => {
    const able = host([], {
      caller: { ...user, capabilities: 1n << BigInt(CAP_SYS_PTRACE) },
      ptraceScope: 1,
    });
    expect((await planOf(supervised, { facts: able })).attended).toBe(false);
    expect((await planOf(supervised, { facts: host([], { caller: user }) })).attended).toBe(false);
  });

  test("where not even ancestors may, no domain is supervised", async () => {
    const hard = host(["target-access"], { caller: user, ptraceScope: 2 });
    expect(await codesOf(supervised, { facts: hard })).toContain("CFD3003");
  });
});

test("a cgroup that cannot be made is reported and refuses no start", async () => {
  const plan = await planOf(supervised, {
    prepareCgroup: () => Promise.reject(new Error("read-only")),
  });
  expect(plan.cgroup).toBeNull();
  expect(detail(plan, "processes")).toContain("read-only");
});

describe("the report", () => {
  test("names what is not live and what is never judged", async () => {
    const plan = await planOf(warning, membership);
    expect(detail(plan, "system calls")).toMatch(
      /stay allowed until a restart.*Never judged.*futex/,
    );
    expect(detail(plan, "capabilities")).toMatch(/all are kept.*not live.*setuid/);
    expect(detail(plan, "level warning")).toContain("logged");
  });

  test("prices every notified call of the policy, and no other", async () => {
    const plan = await planOf(supervised, membership);
    const calls = plan.mediation.report.brokered.flatMap(({ call }) => call.split(", "));
    expect(calls).toEqual(
      expect.arrayContaining(["openat", "mkdir", "rename", "chmod", "bind", "socket"]),
    );
    // Judged by the programs of its cgroup.
    expect(calls).not.toContain("connect");
    expect(calls).not.toContain("read");
    expect(calls).not.toContain("unlinkat");
    expect(plan.mediation.report.brokered.every(({ price }) => price.includes("us"))).toBe(true);
  });

  test("says of each call what its own row says, where its class does not say it", async () => {
    const told = async (level: "enforcing" | "warning") => {
      const syscalls = ["openat", "memfd_create", "ioctl", "fcntl", "fchmod"].map((name) =>
        token(name),
      );
      const plan = await planOf({ ...supervised, syscalls, level }, membership);
      const { brokered } = plan.mediation.report;
      return (name: string) =>
        brokered.find(({ call }) => call.split(", ").includes(name))?.why ?? "";
    };
    const enforcing = await told("enforcing");
    expect(enforcing("openat")).toMatch(/^made by the mediator on the checked object/);
    expect(enforcing("memfd_create")).toMatch(/^made by the mediator with MFD_NOEXEC_SEAL/);
    expect(enforcing("ioctl")).toContain("TIOCSTI and similar requests are refused");
    expect(enforcing("fcntl")).toContain("F_SETOWN and F_SETOWN_EX are judged as signals");
    expect(enforcing("fchmod")).toContain("sets attributes on the caller's descriptor");
    for (const name of ["openat", "memfd_create", "ioctl"])
      expect((await told("warning"))(name)).toMatch(/^continues; logged if/);
  });
});

describe.each(supervisedFallbacks)("without $feature", ({ feature, without }) => {
  const demanding = {
    ...supervised,
    ...{
      ipc: [token<IpcKind>("shm")],
      setUserId: ["/usr/bin/sudo"],
      syscalls: [token("memfd_create")],
    },
  };
  const facts = host([feature as FeatureName]);
  const codes = { fail: "CFD3003", "best-effort": "CFD3003", refuse: "CFD3004" } as const;

  test(`what the table says: ${without}`, async () => {
    const found = await codesOf(demanding, { facts, ...membership });
    const expected = without in codes ? codes[without as keyof typeof codes] : null;
    if (expected === null) expect(found).toEqual([]);
    else expect(found).toContain(expected);
  });
});
