import { afterAll, expect, test } from "vitest";
import { planJson } from "../../../src/compile/render-plan.ts";
import { host, planOf, policy, tree } from "./fixtures.ts";

const { root, drop } = tree([
  "www/index.html",
  "www/private/key",
  "log/a.log",
  "log/b.txt",
  "data/x/",
  "shared/other",
  "link -> www",
  "direct -> log/a.log",
]);
afterAll(drop);

async function rights(names: readonly string[], change = {}): Promise<Record<string, string>> {
  const plan = await planOf(
    policy({ names: names.map((rule) => rule.replace("/ROOT", root)) }),
    change,
  );
  return Object.fromEntries(
    planJson(plan).paths.map(({ path, rights }) => [path.replace(root, ""), rights.join(" ")]),
  );
}

test("a directory tree that is granted whole is one rule", async () => {
  expect(await rights(["r /ROOT/www/**"])).toEqual({ "/www": "read-file read-dir" });
});

test("a deny below splits the directory around it and takes its listing", async () => {
  expect(await rights(["r /ROOT/www/**", "deny r /ROOT/www/private/**"])).toEqual({
    "/www/index.html": "read-file",
  });
});

test("a pattern becomes the inodes that match it now, with file rights only", async () => {
  expect(await rights(["rwcd /ROOT/log/*.log"])).toEqual({
    "/log/a.log": "write-file read-file truncate",
  });
});

test("create and delete go to a directory only where all names below are alike", async () => {
  const makes = "make-dir make-reg make-sock make-fifo make-sym";
  expect(await rights(["rwcd /ROOT/data/**"])).toEqual({
    "/data": `write-file read-file read-dir remove-dir remove-file ${makes} refer truncate`,
  });
  const mixed = await rights(["rwcd /ROOT/www/**", "deny w /ROOT/www/index.html"]);
  expect(mixed["/www"]).toBe("read-file read-dir");
  expect(mixed["/www/private"]).toContain("make-reg");
  expect(mixed["/www/index.html"]).toBeUndefined();
});

test("device nodes may be made nowhere", async () => {
  const plan = await planOf(policy({ names: ["rwcdxai /srv/**"] }));
  const [everything] = planJson(plan).paths;
  expect(everything?.path).toBe("/srv");
  expect(everything?.rights).toContain("make-reg");
  expect(everything?.rights.filter((right) => ["make-char", "make-block"].includes(right))).toEqual(
    [],
  );
  expect(plan.landlock?.handledFs).toBe(0xffffn);
});

test("no grant reaches a switch of the host: nothing on procfs can be written", async () => {
  const plan = await planOf(policy({ names: ["rw /proc/**"] }));
  const written = plan.mediation.policy;
  const denied = written.names
    .filter(({ effect }) => effect === "deny")
    .map(({ pattern }) => pattern);
  expect(denied).toContain("/proc/sys/kernel/core_pattern");
  const rights = planJson(plan).paths.flatMap((rule) => rule.rights);
  expect(rights).toContain("read-file");
  expect(rights).not.toContain("write-file");
  expect(plan.mediation.report.lost).toContainEqual({
    rule: "/proc",
    why: "the kernel keeps no rules on names inside a procfs",
  });
});

test("symbolic links are followed to the canonical name, and the plan says so", async () => {
  const written = policy({ names: [`r ${root}/link/**`, `rd ${root}/direct`] });
  const plan = await planOf(written);
  expect(planJson(plan).paths.map(({ path }) => path)).toEqual([
    `${root}/log/a.log`,
    `${root}/www`,
  ]);
  expect(plan.mediation.report.resolved).toEqual([
    { written: `${root}/direct`, canonical: `${root}/log/a.log` },
    { written: `${root}/link`, canonical: `${root}/www` },
  ]);
  const names = plan.mediation.policy.names.map(({ pattern, permissions }) => [
    pattern,
    permissions,
  ]);
  expect(names).toContainEqual([`${root}/direct`, 0x8]);
  expect(names).toContainEqual([`${root}/log/a.log`, 0x1]);
});

test("a link that the domain could have made is not followed, and the plan says so", async () => {
  const own = `${root}/direct`;
  const plan = await planOf(policy({ names: [`r ${own}`, `c ${own}`] }));
  expect(planJson(plan).paths).toEqual([]);
  expect(plan.mediation.report.lost).toEqual([
    { rule: `r ${own}`, why: expect.stringContaining(`itself may make the link ${own}`) },
  ]);
});

test("a link in braces is followed in its own alternative", async () => {
  expect(Object.keys(await rights(["r /ROOT/{link,log}/**"]))).toEqual(["/log", "/www"]);
});

test("an abstract name beside a path in braces grants no path more", async () => {
  expect(Object.keys(await rights(["r {/ROOT/link/index.html,@name}"]))).toEqual([
    "/www/index.html",
  ]);
});

test("older kernels are given only rights they know", async () => {
  const old = {
    facts: host(["landlock-tcp", "landlock-ioctl", "landlock-scope", "landlock-log"], {
      landlockAbi: 2,
    }),
  };
  expect(await rights(["rw /ROOT/log/**"], old)).toEqual({
    "/log": "write-file read-file read-dir",
  });
  const plan = await planOf(policy(), old);
  expect(plan.landlock).toMatchObject({
    handledFs: 0x3fffn,
    handledNet: 0n,
    scoped: 0n,
    restrictFlags: 0,
  });
});

test("Cofferdam's own places are denied whatever is granted", async () => {
  const own = [`${root}/www/private`];
  const given = await rights(["rwcd /ROOT/www/**"], { own });
  expect(given).toEqual({ "/www/index.html": "write-file read-file truncate" });
  const viaLink = await rights(["r /ROOT/www/**"], { own: [`${root}/link/private`] });
  expect(viaLink).toEqual({ "/www/index.html": "read-file" });
});
