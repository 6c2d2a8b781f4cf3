import fc from "fast-check";
import { expect, test } from "vitest";
import { unixTable } from "../../src/compile/cgroup/unix-table.ts";
import { buildAutomaton } from "../../src/model/automaton/build.ts";
import { decide } from "../../src/model/decide.ts";
import { Permission } from "../../src/model/permission.ts";
import type { NameRule } from "../../src/model/policy.ts";
import { lookupUnix } from "./lookup.ts";
import { connectUnix, nameRule, policyOf } from "./policies.ts";

const tableOf = (rules: readonly NameRule[]) => unixTable(buildAutomaton(rules));
const granted = (rules: readonly NameRule[], name: string) =>
  lookupUnix(tableOf(rules), Buffer.from(name));

test("a granted name is granted, its neighbours are not", () => {
  const rules = [
    connectUnix("/run/php/*.sock"),
    connectUnix("@bus-?"),
    connectUnix("/run/php/no.sock", "deny"),
  ];
  const names = [
    "/run/php/a.sock",
    "@bus-1",
    "/run/php/no.sock",
    "/run/php/a",
    "/run/php/x/a.sock",
    "bus-1",
    "@bus-12",
    "",
  ];
  expect(names.filter((name) => granted(rules, name))).toEqual(["/run/php/a.sock", "@bus-1"]);
});

test("names that are not canonical are never granted", () => {
  const rules = [connectUnix("/**"), connectUnix("@**")];
  const odd = [
    "//a",
    "/a//b",
    "/./a",
    "/a/.",
    "/a/./b",
    "/..",
    "/a/../b",
    "/a/..",
    "/a/",
    "/",
    "a",
    ".",
    "@a\0b",
    "/a\0b",
  ];
  expect(odd.filter((name) => granted(rules, name))).toEqual([]);
  const usual = ["/a", "/.a", "/..a", "/a/.b.c", "/a/...", "/a/@b", "@a/b", "@/../x", "@@"];
  expect(usual.filter((name) => !granted(rules, name))).toEqual([]);
});

test("a name below or at something the domain can create or remove is not granted", () => {
  const rules = [
    connectUnix("/run/**"),
    nameRule(Permission.create, "/run/own/**"),
    nameRule(Permission.delete, "/run/d?"),
    nameRule(Permission.write, "/run/w"),
  ];
  const names = [
    "/run/a",
    "/run/own/a",
    "/run/own/b/c",
    "/run/d1",
    "/run/d1/a",
    "/run/w",
    "/run/w/a",
    "/run/own",
  ];
  // Making /run/own itself is a matter of /run; a file that may only be written cannot become
  // another one.
  expect(names.filter((name) => granted(rules, name))).toEqual([
    "/run/a",
    "/run/w",
    "/run/w/a",
    "/run/own",
  ]);
});

test("a table without any grant accepts nothing and is tiny", () => {
  const table = tableOf([nameRule(Permission.read, "/etc/**")]);
  expect(table.next.length).toBe(1);
  expect(lookupUnix(table, Buffer.from("/etc/x"))).toBe(false);
});

const component = fc.constantFrom("a", "b", ".", "..", "", "a.s", "*", "b?", "**");
const pattern = fc.tuple(
  fc.constantFrom("/", "/", "@"),
  fc.array(component, { minLength: 1, maxLength: 3 }),
);
const bits = fc.constantFrom(
  Permission.connect,
  Permission.connect,
  Permission.create | Permission.connect,
  Permission.delete,
);
const rule = fc
  .tuple(pattern, bits, fc.constantFrom("allow" as const, "allow" as const, "deny" as const))
  .map(([[root, parts], permissions, effect]) =>
    nameRule(permissions, root + parts.join("/"), effect),
  )
  .filter((rule) => buildable(rule));
const name = fc
  .tuple(
    fc.constantFrom("/", "@", ""),
    fc.array(fc.constantFrom("a", "b", "ba", "a.s", ".", "..", ""), { maxLength: 4 }),
  )
  .map(([root, parts]) => root + parts.join("/"));

function buildable(rule: NameRule): boolean {
  try {
    buildAutomaton([rule]);
    return true;
  } catch {
    return false;
  }
}

test("the unix table grants what decide() grants, except what the domain could rename", () => {
  fc.assert(
    fc.property(
      fc.array(rule, { maxLength: 6 }),
      fc.array(name, { minLength: 10, maxLength: 20 }),
      (rules, names) => {
        const table = tableOf(rules);
        const policy = policyOf({ names: rules });
        const may = (operation: "connect" | "create" | "delete", path: string) =>
          decide(policy, { class: "name", operation, path }).outcome === "granted";
        for (const path of names) {
          const prefixes = path.startsWith("@")
            ? [path]
            : path.split("/").map((_, i, parts) => parts.slice(0, i + 1).join("/"));
          const writable = prefixes.some(
            (prefix) => may("create", prefix) || may("delete", prefix),
          );
          expect([path, lookupUnix(table, Buffer.from(path))]).toEqual([
            path,
            path !== "/" && may("connect", path) && !writable,
          ]);
        }
      },
    ),
    { numRuns: 500 },
  );
});
