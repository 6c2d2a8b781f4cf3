import { existsSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import * as constants from "../../src/kernel/constants.ts";
import { type FeatureName, featureNames, type HostFacts } from "../../src/kernel/host-facts.ts";
import { findCgroup2, findControlGroups, OWN_GROUP } from "../../src/kernel/probe/caller.ts";
import { probeHost } from "../../src/kernel/probe/host-facts.ts";
import { number } from "../../src/kernel/syscalls.ts";
import { needsRoot, skipUnless } from "../support/skip.ts";
import { type Elsewhere, makeElsewhere } from "./probe-elsewhere.ts";

const NOBODY = 65_534;
const { EINVAL, ENOSYS, EPERM, EPROTONOSUPPORT } = constants;
let here: HostFacts;
let elsewhere: Elsewhere;
beforeAll(() => {
  here = probeHost();
  elsewhere = makeElsewhere();
});
afterAll(() => elsewhere.remove());

function call(name: string, condition = ""): string {
  return `${number(name)}${condition}`;
}

function saying(facts: HostFacts, state: string): FeatureName[] {
  return featureNames.filter((name) => facts.features[name].state === state);
}

/**
 * What Linux 6.18 with Landlock ABI 7 gives to root outside of containers; a host that differs is
 * told how.
 */
test("on the development kernel root has everything but what that kernel lacks", (context) => {
  needsRoot(context);
  skipUnless(
    context,
    here.landlockAbi === 7,
    `the answers are pinned for Landlock ABI 7, this kernel has ${here.landlockAbi}`,
  );
  const missing = [...saying(here, "no"), ...saying(here, "unknown")];
  const why = missing.map((name) => `${name}: ${JSON.stringify(here.features[name])}`).join("\n");
  expect(
    missing.filter((name) => name !== "bpf-lsm"),
    why,
  ).toEqual(["landlock-unix"]);
  expect(here.cgroup2, "mountinfo shows no cgroup2 mount").not.toBeNull();
});

test("bpf-lsm is `no` exactly where the kernel refuses to load an lsm program", () => {
  const { "bpf-lsm": probe } = here.features;
  if (probe.state !== "yes") expect(probe.why).toMatch(/E[A-Z]+|libbpf|type information/);
});

/** Each feature, the call that carries it and the error of a kernel or a host without it. */
const refusals: readonly { errno: number; call: string; features: readonly FeatureName[] }[] = [
  {
    errno: ENOSYS,
    call: call("landlock_create_ruleset"),
    features: [
      "landlock-files",
      "landlock-tcp",
      "landlock-ioctl",
      "landlock-scope",
      "landlock-log",
      "landlock-unix",
      "restrict-without-nnp",
    ],
  },
  { errno: EINVAL, call: call("landlock_restrict_self", ":1:2"), features: ["landlock-log"] },
  {
    errno: ENOSYS,
    call: call("seccomp"),
    features: [
      "restrict-without-nnp",
      "seccomp-notify",
      "seccomp-addfd",
      "seccomp-wait-killable",
      "seccomp-sync-wakeup",
    ],
  },
  {
    errno: EINVAL,
    call: call("seccomp", `:1:${constants.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV}`),
    features: ["seccomp-wait-killable"],
  },
  {
    errno: EINVAL,
    call: call("ioctl", `:1:=${constants.SECCOMP_IOCTL_NOTIF_SET_FLAGS}`),
    features: ["seccomp-sync-wakeup"],
  },
  {
    errno: EINVAL,
    call: call("ioctl", `:1:=${constants.SECCOMP_IOCTL_NOTIF_ADDFD}`),
    features: ["seccomp-addfd"],
  },
  {
    errno: EINVAL,
    call: call("memfd_create", `:1:${constants.MFD_NOEXEC_SEAL}`),
    features: ["memfd-noexec"],
  },
  { errno: EINVAL, call: call("prctl", `:0:=${constants.PR_GET_MDWE}`), features: ["mdwe"] },
  { errno: ENOSYS, call: call("openat2"), features: ["openat2"] },
  { errno: EPERM, call: call("unshare"), features: ["private-ipc"] },
  { errno: EPERM, call: call("pidfd_getfd"), features: ["target-access"] },
  { errno: EPERM, call: call("bpf"), features: ["cgroup-inet", "cgroup-unix", "bpf-lsm"] },
  {
    errno: EPERM,
    call: call("bpf", `:0:=${constants.BPF_PROG_ATTACH}`),
    features: ["cgroup-inet", "cgroup-unix"],
  },
  {
    errno: EPERM,
    call: call("bpf", `:0:=${constants.BPF_PROG_GET_FD_BY_ID}`),
    features: ["cgroup-inet", "cgroup-unix"],
  },
  {
    errno: EPROTONOSUPPORT,
    call: call("socket", `:0:=${constants.AF_NETLINK}`),
    features: ["audit-read"],
  },
];

test.each(refusals)(
  "the answer is no when call $call fails with error $errno: $features",
  ({ errno, call, features }) => {
    const facts = elsewhere.withoutCall(errno, call);
    const changed = featureNames.filter(
      (name) => facts.features[name].state !== here.features[name].state,
    );
    const expected = features.filter((name) => here.features[name].state === "yes");
    expect(changed.toSorted()).toEqual(expected.toSorted());
    for (const name of features) {
      const probe = facts.features[name];
      expect(probe.state, name).toBe("no");
      if (probe.state === "no") expect(probe.why.length).toBeGreaterThan(10);
    }
  },
);

test("bpf-lsm is `no` where bpf is not among the security modules", () => {
  // The call returns 0: no module.
  const { "bpf-lsm": without } = elsewhere.withoutCall(0, call("lsm_list_modules")).features;
  expect(without).toMatchObject({ state: "no", why: expect.stringContaining("add it to lsm=") });
  const { "bpf-lsm": untold } = elsewhere.withoutCall(ENOSYS, call("lsm_list_modules")).features;
  expect(untold).toEqual(here.features["bpf-lsm"]);
});

test("an ordinary user is told what only root has", (context) => {
  needsRoot(context);
  const facts = elsewhere.asUser(NOBODY);
  expect(facts.caller.uid).toBe(NOBODY);
  for (const name of [
    "restrict-without-nnp",
    "private-ipc",
    "cgroup-inet",
    "cgroup-unix",
    "audit-read",
  ] as const) {
    expect(facts.features[name].state, name).toBe("no");
  }
  expect(facts.features["landlock-files"]).toEqual(here.features["landlock-files"]);
});

test("probing leaves no cgroup, folder, process, descriptor or confinement behind", async () => {
  // Node reaps its children, the one of the first probing here included, in the event loop.
  await vi.waitFor(() => expect(snapshot().children).toBe(""));
  const before = snapshot();
  probeHost();
  await vi.waitFor(() => expect(snapshot()).toEqual(before));
});

function snapshot() {
  const mine = (name: string) =>
    name.startsWith("cofferdam-probe") && name.endsWith(String(process.pid));
  return {
    cgroups: ["", OWN_GROUP].flatMap((below) => {
      const folder = here.cgroup2 === null ? null : join(here.cgroup2, below);
      return folder !== null && existsSync(folder) ? readdirSync(folder).filter(mine) : [];
    }),
    descriptors: readdirSync("/proc/self/fd").length,
    folders: readdirSync(tmpdir()).filter((name) => name.startsWith("cofferdam-probe-")),
    children: readFileSync(`/proc/self/task/${process.pid}/children`, "utf8"),
    confinement: readFileSync("/proc/self/status", "utf8").match(
      /^(NoNewPrivs|Seccomp|CapEff):.*$/gm,
    ),
  };
}

test("the cgroup v2 mount point is read from mountinfo, escapes and all", () => {
  const line = "35 24 0:30 / /sys/fs/my\\040cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw";
  expect(findCgroup2(`22 1 0:5 / /sys rw - sysfs sysfs rw\n${line}\n`)).toBe("/sys/fs/my cgroup");
  expect(findCgroup2("22 1 0:5 / /sys/fs/cgroup rw - cgroup cgroup rw\n")).toBeNull();
  expect(findControlGroups(`22 1 0:5 / /cg/freezer rw - cgroup cgroup rw\n${line}\n`)).toEqual([
    "/cg/freezer",
    "/sys/fs/my cgroup",
  ]);
});
