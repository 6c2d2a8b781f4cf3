import { expect, test } from "vitest";
import { cgroupTables } from "../../src/compile/cgroup/tables.ts";
import { buildAutomaton } from "../../src/model/automaton/build.ts";
import { Permission } from "../../src/model/permission.ts";
import type { Policy, TokenRule } from "../../src/model/policy.ts";
import { unsoundUnixGrants } from "../../src/model/unix-names/unsound.ts";
import { lookupUnix } from "./lookup.ts";
import { connectUnix, nameRule, policyOf } from "./policies.ts";

const found = (policy: Policy) =>
  unsoundUnixGrants(policy).map(({ rule, why, example }) => [rule.pattern, why, example]);
const token = (token: string): TokenRule => ({
  effect: "allow",
  token,
  source: { file: "test.yaml", line: 1, column: 1, text: token },
});

test("a grant beside what the domain writes is sound", () => {
  const names = [
    connectUnix("/run/php/*.sock"),
    connectUnix("@bus"),
    nameRule(Permission.create, "/run/own/**"),
  ];
  expect(found(policyOf({ names }))).toEqual([]);
});

test("a grant in a directory where the domain makes names is reported with a name", () => {
  const names = [
    connectUnix("/run/*/x"),
    connectUnix("/run/ok/y"),
    nameRule(Permission.create, "/run/own/**"),
  ];
  expect(found(policyOf({ names }))).toEqual([["/run/*/x", "writable", "/run/own/x"]]);
});

test("an ancestor that can be removed, however far up, is reported", () => {
  const names = [connectUnix("/srv/a/b/c/s"), nameRule(Permission.delete, "/srv/a")];
  expect(found(policyOf({ names }))).toEqual([["/srv/a/b/c/s", "writable", "/srv/a/b/c/s"]]);
});

test("what a deny takes from the grant or from the writing is not reported", () => {
  const own = nameRule(Permission.create | Permission.delete, "/run/own/**");
  expect(
    found(policyOf({ names: [connectUnix("/run/**"), connectUnix("/run/own/**", "deny"), own] })),
  ).toEqual([]);
  const spared = nameRule(Permission.create | Permission.delete, "/run/own/s", "deny");
  expect(found(policyOf({ names: [connectUnix("/run/own/s"), own, spared] }))).toEqual([]);
});

test("a domain that may change its root keeps only abstract names", () => {
  const names = [connectUnix("/run/s"), connectUnix("@s")];
  const policy = policyOf({
    names,
    capabilities: [token("sys_chroot")],
    syscalls: [token("chroot")],
  });
  expect(found(policy)).toEqual([["/run/s", "root", null]]);
  const granted = (policy: Policy) =>
    ["/run/s", "@s"].filter((name) =>
      lookupUnix(cgroupTables(policy, buildAutomaton(names)).unix, Buffer.from(name)),
    );
  expect(granted(policy)).toEqual(["@s"]);
  expect(granted({ ...policy, capabilities: [] })).toEqual(["/run/s", "@s"]);
});

test("what is reported is what the table refuses", () => {
  const names = [connectUnix("/run/*/x"), nameRule(Permission.create, "/run/own/**")];
  const { unix } = cgroupTables(policyOf({ names }), buildAutomaton(names));
  expect(
    ["/run/own/x", "/run/php/x"].filter((name) => lookupUnix(unix, Buffer.from(name))),
  ).toEqual(["/run/php/x"]);
});
