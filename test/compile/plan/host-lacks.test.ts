import { expect, test } from "vitest";
import type { CompileOptions } from "../../../src/compile/options.ts";
import { BpfError } from "../../../src/kernel/bpf/errors.ts";
import type { HostFacts } from "../../../src/kernel/host-facts.ts";
import { address, anchor, codesOf, host, options, planOf, policy } from "./fixtures.ts";

const connecting = policy({ addresses: [address("connect", "tcp", 80)] });
const ordinary = { caller: { uid: 7, gid: 7, capabilities: 0n } };

async function forOneStart(facts: HostFacts, written = connecting): Promise<boolean> {
  return (await planOf(written, { facts })).host.forOneStart;
}

test("a plan says which host it was made for", async () => {
  const facts = host([], { landlockAbi: 6, ptraceScope: 2, cgroup2: null });
  expect((await planOf(connecting, { facts })).host).toEqual({
    landlockAbi: 6,
    ptraceScope: 2,
    withoutCgroup2: true,
    forOneStart: false,
  });
});

test("programs that fail to attach for a reason that may pass: for one start", async () => {
  expect(await forOneStart(host())).toBe(false);
  expect(await forOneStart(host(["cgroup-inet"]))).toBe(true);
  expect(await forOneStart(host(["cgroup-inet"]), policy()), "it needs none").toBe(false);
  const unknown = host();
  const features = { ...unknown.features, "cgroup-inet": { state: "unknown", why: "EMFILE" } };
  expect(await forOneStart({ ...unknown, features } as HostFacts)).toBe(true);
});

test("what the caller, Landlock or the kernel cannot have is missing for good", async () => {
  expect(await forOneStart(host(["cgroup-inet"], ordinary))).toBe(false);
  expect(await forOneStart(host(["cgroup-inet"], { cgroup2: null }))).toBe(false);
  expect(await forOneStart(host(["landlock-scope"], { landlockAbi: 5 }))).toBe(false);
  expect(await forOneStart(host(["landlock-scope"], { landlockAbi: 6 }))).toBe(true);
  const old = host();
  const byKernel = { state: "no", why: "EINVAL", byKernel: true };
  const features = { ...old.features, "cgroup-inet": byKernel };
  expect(await forOneStart({ ...old, features } as HostFacts)).toBe(false);
});

test("programs of a supervised domain that its kernel's verifier refuses: for good", async () => {
  const supervised = { ...connecting, mediation: "supervised" } as const;
  const refusedWith = async (error: Error) => {
    const prepareCgroup: CompileOptions["prepareCgroup"] = (_policy, _automaton, { judged }) =>
      judged === null ? Promise.resolve(anchor) : Promise.reject(error);
    expect(await codesOf(supervised, { prepareCgroup })).toEqual(["CFD3013"]);
    return (await planOf(supervised, { prepareCgroup })).host.forOneStart;
  };
  const verifierLog = "0: R1=ctx()\nR2 unbounded memory access";
  expect(await refusedWith(new BpfError("load program connect_unix", 13, verifierLog))).toBe(false);
  expect(await refusedWith(new BpfError("attach program connect_unix", 12))).toBe(true);
});

test("a control group that cannot be made, though it only identifies: for one start", async () => {
  const { prepareCgroup: _, ...rest } = options();
  const fails = () => Promise.reject(new Error("no space left"));
  const warning = policy({ level: "warning" });
  const plan = await planOf(warning, { ...rest, prepareCgroup: fails });
  expect(plan).toMatchObject({ cgroup: null, host: { forOneStart: true } });
});
