import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { drift } from "../../../src/compile/drift.ts";
import { hostSnapshot } from "../../../src/compile/host-snapshot.ts";
import { renderPlan } from "../../../src/compile/render-plan.ts";
import type { LateNames } from "../../../src/model/policy.ts";
import { decodePlan } from "../../../src/plan/decode.ts";
import { encodePlan } from "../../../src/plan/encode.ts";
import { address, codesOf, planOf, policy, token, tree } from "./fixtures.ts";

const { root, drop } = tree([
  "etc/a.conf",
  "etc/b.conf",
  "log/x.log",
  "link -> etc",
  "srv/pub/1",
  "srv/secret/2",
  "run/",
]);
afterAll(drop);

const factPaths = (plan: Awaited<ReturnType<typeof planOf>>) =>
  plan.facts.map((fact) =>
    "path" in fact
      ? `${"role" in fact ? `${fact.role} ` : ""}${fact.kind} ${fact.path.replace(root, "")}`
      : fact.kind,
  );

test("a disabled domain has no layers and keeps every capability", async () => {
  const plan = await planOf(
    policy({ level: "disabled", mediation: "supervised", names: ["r /etc/**"] }),
  );
  expect(plan).toMatchObject({ level: "disabled", landlock: null, seccomp: null, cgroup: null });
  expect(plan.identity).toMatchObject({ bounding: (1n << 41n) - 1n, noNewPrivileges: false });
  expect(decodePlan(encodePlan(plan)).level).toBe("disabled");
});

test("facts are authorities, and what the snapshot expanded, missed and typed", async () => {
  const files = [`${root}/etc/a.conf`];
  const plan = await planOf(
    policy({ names: [`r ${root}/link/a.conf`, `r ${root}/log/*.log`, `r ${root}/none`] }),
    {
      files,
      absent: [`${root}/first.yaml`],
      program: [`${root}/etc/b.conf`],
    },
  );
  const facts = factPaths(plan).filter((fact) => fact !== "object /" && fact !== "object /tmp");
  expect(facts).toEqual([
    "object ",
    "object /etc",
    "authority node /etc/a.conf",
    "authority node /etc/b.conf",
    "authority absent /first.yaml",
    "authority node /link",
    "snapshot node /log",
    "object /log/x.log",
    "snapshot absent /none",
  ]);
});

test("the plan has the mediator's policy: canonical names, own places denied", async () => {
  const plan = await planOf(policy({ names: [`r ${root}/link/**`] }), { own: [`${root}/run`] });
  const { names } = decodePlan(encodePlan(plan)).mediation.policy;
  const lines = names.map(({ effect, pattern }) => `${effect} ${pattern.replace(root, "")}`);
  expect(lines.slice(0, 3)).toEqual(["allow /etc/**", "deny /run", "deny /run/**"]);
  const ways = names.slice(3).map(({ pattern }) => pattern);
  expect(
    ways.filter((way) => !`${root}/run`.startsWith(`${way}/`)),
    "the rest are the directories above",
  ).toEqual([]);
  expect(ways).toContain(root);
});

test("the kernel creates where Landlock allows a directory; single names are asked", async () => {
  const asks = async (names: readonly string[]) => {
    const { report, kernelCreates } = (await planOf(policy({ names }))).mediation;
    return { kernelCreates, asked: report.brokered.some(({ call }) => call.includes("mkdir")) };
  };
  expect(await asks([`rwcd ${root}/run/**`])).toEqual({
    kernelCreates: [`${root}/run`],
    asked: false,
  });
  expect(await asks([`rwcd ${root}/run/app.pid`])).toEqual({ kernelCreates: [], asked: true });
  expect(await asks([`r ${root}/run/app.pid`])).toEqual({ kernelCreates: [], asked: false });
});

test("brokered late names: every open and each name in a tree is asked about", async () => {
  const names = [`rwcd ${root}/run/**`, `r ${root}/etc/a.conf`];
  const of = async (lateNames: LateNames) =>
    (await planOf({ ...policy({ names }), lateNames })).mediation;
  const [sealed, brokered] = [await of("sealed"), await of("brokered")];
  const pricesOf = ({ report }: typeof sealed, call: string) =>
    report.brokered
      .filter((entry) => entry.call.split(", ").includes(call))
      .map(({ price }) => price);
  const other = / us more for each other open, and each call that makes, removes, /;
  for (const call of ["open", "openat", "mkdir", "unlink", "rename"]) {
    expect(pricesOf(sealed, call), call).toEqual([]);
    expect(pricesOf(brokered, call).at(-1), call).toMatch(other);
  }
  expect(pricesOf(brokered, "openat")[0]).toMatch(/ us more for each open of a name of the start,/);
  const blocking = await of("brokered-blocking");
  for (const price of pricesOf(blocking, "openat")) expect(price).toContain("O_NONBLOCK");
  // A file that replaces this one is within reach, so that it is no drift.
  const pinned = ({ report }: typeof sealed) => report.pinned.map(({ path }) => path);
  expect(pinned(sealed)).toContain(`${root}/etc/a.conf`);
  expect(pinned(brokered)).not.toContain(`${root}/etc/a.conf`);
  // The mediator must know which directories were there.
  expect(sealed.inodes).toBeUndefined();
  expect(brokered.inodes?.map(({ path }) => path)).toContain(`${root}/run`);
});

test.each([
  [
    "brokered",
    "for each open of a name of the start, by an absolute path without links",
    "for each other open, and each call that makes, removes, moves or changes a name",
  ],
  [
    "brokered-blocking",
    "for each open of a name of the start, by an absolute path without links, " +
      "unless with O_NONBLOCK",
    "for each other open without O_NONBLOCK, and each call that makes, removes, moves " +
      "or changes a name",
  ],
] as const)("late-names: %s: plan prints both prices of an open", async (lateNames, ...opens) => {
  const written = policy({ names: [`r ${root}/etc/**`], syscalls: [token("openat")] });
  const printed = async (late: LateNames): Promise<string> => {
    const plan = await planOf({ ...written, lateNames: late });
    return renderPlan(plan, { width: 80 }).replaceAll(/\s+/g, " ");
  };
  const prices = ["about 13 us more", "about 20 to 70 us more"];
  const lines = opens.map((open, index) => `${prices[index]} ${open} openat: `);
  const [sealed, late] = [await printed("sealed"), await printed(lateNames)];
  for (const line of lines) {
    expect(late).toContain(line);
    expect(sealed).not.toContain(line);
  }
});

test("moves between kept directories that differ are asked about", async () => {
  const calls = (await planOf(policy({ names: [`rwcd ${root}/run/**`, `rwcda ${root}/log/**`] })))
    .mediation.report.brokered;
  expect(calls.map(({ call }) => call)).toContain("rename");
  const alike = (await planOf(policy({ names: [`rwcd ${root}/run/**`, `rwcd ${root}/log/**`] })))
    .mediation.report.brokered;
  expect(alike.map(({ call }) => call)).not.toContain("rename");
});

test("the report names expansions, losses and the price of asking", async () => {
  const plan = await planOf(
    policy({
      names: [
        `r ${root}/srv/**`,
        `deny r ${root}/srv/secret/**`,
        "r /nowhere/x",
        "r /proc/self/status",
      ],
      signals: [token("other")],
      syscalls: [token("chmod"), token("prlimit64")],
    }),
  );
  const { report } = plan.mediation;
  expect(report.expanded).toContainEqual({ rule: `r ${root}/srv/**`, into: [`${root}/srv/pub`] });
  const why = Object.fromEntries(report.lost.map((lost) => [lost.rule, lost.why]));
  expect(why[`${root}/srv`]).toContain("listed");
  expect(why["r /nowhere/x"]).toContain("/nowhere does not exist");
  expect(why["signals: other"]).toBeDefined();
  expect(report.layers.find(({ name }) => name === "files")).toMatchObject({ state: "partial" });
  expect(report.brokered.find(({ call }) => call.startsWith("chmod"))?.price).toMatch(
    /about 20 to 70 us/,
  );
  expect(report.brokered.find(({ call }) => call.startsWith("prlimit"))?.price).toMatch(
    /about 13 us/,
  );
});

test("the rendering fits the width and says the layers", async () => {
  const plan = await planOf(
    policy({ names: [`r ${root}/etc/**`], addresses: [address("listen", "tcp", 80)] }),
  );
  const text = renderPlan(plan, { width: 80 });
  const wide = text.split("\n").filter((line) => line.length > 80 && line.trim().includes(" "));
  expect(wide).toEqual([]);
  expect(text).toContain("domain test, level enforcing");
  expect(text).toContain(`read-file read-dir: ${root}/etc/`);
  expect(text).toContain("80: bind-tcp");
});

test("drift shows a replaced file, a missing one and a link that leads elsewhere", async () => {
  const scratch = tree(["one", "two", "target/", "other/", "l -> target"]);
  try {
    const at = (name: string) => join(scratch.root, name);
    const plan = await planOf(
      policy({ names: [`r ${at("one")}`, `r ${at("two")}`, `r ${at("l")}/**`] }),
    );
    expect(drift(plan, hostSnapshot())).toEqual([]);
    writeFileSync(at("new"), "");
    renameSync(at("new"), at("one"));
    renameSync(at("two"), at("gone"));
    renameSync(at("l"), at("old"));
    expect(drift(plan, hostSnapshot()).map((entry) => entry.kind)).toEqual([
      "replaced",
      "gone",
      "moved",
    ]);
  } finally {
    scratch.drop();
  }
});

test("cgroup programs that cannot be had stop the start with their reason", async () => {
  const prepareCgroup = () => Promise.reject(new Error("read-only hierarchy"));
  expect(
    await codesOf(policy({ addresses: [address("connect", "udp", 53)] }), { prepareCgroup }),
  ).toEqual(["CFD3011"]);
});

test("own places that are no names stop the start", async () => {
  for (const own of ["relative", "/", "/a/../b"])
    expect(await codesOf(policy(), { own: [own] })).toEqual(["CFD3010"]);
});

test("a policy that reaches too many names is refused with the rules that do", async () => {
  const node = { kind: "directory", inode: "1:1", target: null, procfs: false } as const;
  const bottomless = { lookup: () => node, list: () => ["d", "x"] };
  const written = policy({ names: ["r /**", "deny r /**/x"] });
  expect(await codesOf(written, { snapshot: bottomless })).toEqual(["CFD3009"]);
});
