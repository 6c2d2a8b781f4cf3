import { expect, test } from "vitest";
import { nameAliases } from "../../src/compile/cgroup/aliases.ts";
import { unixTable } from "../../src/compile/cgroup/unix-table.ts";
import { buildAutomaton } from "../../src/model/automaton/build.ts";
import { Permission } from "../../src/model/permission.ts";
import type { NameRule } from "../../src/model/policy.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { lookupUnix } from "./lookup.ts";
import { connectUnix, nameRule } from "./policies.ts";

const links: Record<string, string> = {
  "/dev/log": "/run/systemd/journal/dev-log",
  "/var/run": "../run",
  "/run/hop": "/srv/own/link",
  "/srv/own/link": "/run/real",
};
const host: Snapshot = {
  list: () => null,
  lookup: (path) => ({
    kind: path in links ? "symlink" : "directory",
    inode: "1:1",
    target: links[path] ?? null,
    procfs: false,
  }),
};

function granted(
  rules: readonly NameRule[],
  written: readonly string[],
  names: readonly string[],
): string[] {
  const table = unixTable(buildAutomaton(rules), { aliases: nameAliases(written, host) });
  return names.filter((name) => lookupUnix(table, Buffer.from(name)));
}

test("links and chains of links are found", () => {
  expect(nameAliases(["/dev/log", "/run/x", "/run/hop", "/var/run/php"], host)).toEqual([
    { written: "/dev/log", canonical: "/run/systemd/journal/dev-log", links: ["/dev/log"] },
    { written: "/run/hop", canonical: "/run/real", links: ["/run/hop", "/srv/own/link"] },
    { written: "/var/run/php", canonical: "/run/php", links: ["/var/run"] },
  ]);
});

test("a name through a link is granted as what it leads to, denials included", () => {
  const rules = [
    connectUnix("/run/php/*.sock"),
    connectUnix("/run/php/no.sock", "deny"),
    connectUnix("/run/systemd/journal/dev-log"),
  ];
  const names = [
    "/dev/log",
    "/run/systemd/journal/dev-log",
    "/var/run/php/a.sock",
    "/run/php/a.sock",
  ];
  const refused = [
    "/dev/logs",
    "/dev/log/x",
    "/var/run/php/no.sock",
    "/var/run/php",
    "/var/run/ph",
    "/var/run/phps/a.sock",
  ];
  expect(granted(rules, ["/dev/log", "/var/run/php"], [...names, ...refused])).toEqual(names);
  expect(granted(rules, [], names)).toEqual(["/run/systemd/journal/dev-log", "/run/php/a.sock"]);
});

test("a link that the domain could replace, anywhere on the way, grants nothing", () => {
  const names = ["/run/hop", "/run/real"];
  expect(granted([connectUnix("/run/real")], ["/run/hop"], names)).toEqual(names);
  for (const writable of ["/run/hop", "/srv/own/*", "/srv/own"]) {
    const rules = [connectUnix("/run/real"), nameRule(Permission.create, writable)];
    expect([writable, granted(rules, ["/run/hop"], names)]).toEqual([writable, ["/run/real"]]);
  }
  expect(
    granted(
      [connectUnix("/run/real"), nameRule(Permission.delete, "/run/real")],
      ["/run/hop"],
      names,
    ),
  ).toEqual([]);
});

test("what the canonical rules say of a name that is a link does not matter", () => {
  expect(granted([connectUnix("/var/run/php/*")], ["/var/run/php"], ["/var/run/php/a"])).toEqual(
    [],
  );
});
