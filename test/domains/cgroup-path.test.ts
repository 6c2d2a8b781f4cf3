import { chmodSync, mkdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PRIVATE_FOLDER } from "../../src/base/modes.ts";
import { cofferdamGroup, placeInCgroups } from "../../src/domains/cgroup-path.ts";
import { findCgroup2Mount } from "../../src/kernel/probe/caller.ts";
import { needsRoot, skipUnless } from "../support/skip.ts";

const NOBODY = 65_534;

const unified = "41 31 0:38 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw\n";
const hybrid = `40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n${unified}`;

test("the group is found in the mount's own spelling: unified, hybrid, namespace, bind", () => {
  expect(cofferdamGroup(unified)).toBe("/cofferdam");
  expect(cofferdamGroup(hybrid)).toBe("/cofferdam");
  expect(cofferdamGroup("41 31 0:38 /../.. /sys/fs/cgroup rw - cgroup2 c rw\n")).toBe(
    "/../../cofferdam",
  );
  expect(cofferdamGroup("41 31 0:38 /docker/a\\040b /sys/fs/cgroup rw - cgroup2 c rw\n")).toBe(
    "/docker/a b/cofferdam",
  );
  expect(cofferdamGroup("40 31 0:37 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n")).toBeNull();
});

test.each([
  ["0::/cofferdam/nginx.0123456789abcdef/812\n", { domain: "nginx", run: 812 }],
  ["0::/cofferdam/vm@web1.0123456789abcdef/812\n", { domain: "vm@web1", run: 812 }],
  ["0::/cofferdam/a.b-c/812/deeper/4\n", { domain: "a.b-c", run: 812 }],
  [
    "9:name=systemd:/\n1:cpu:/cofferdam/other/1\n0::/cofferdam/nginx/7\n",
    { domain: "nginx", run: 7 },
  ],
  ["0::/cofferdam/nginx/7 (deleted)\n", { domain: "nginx", run: 7 }],
  ["0::/cofferdam/nginx\n", { domain: "nginx", run: null }],
  ["0::/cofferdam/nginx/0\n", { domain: "nginx", run: null }],
])("%j is in a domain", (text, place) => {
  expect(placeInCgroups(text, "/cofferdam")).toEqual(place);
});

test.each([
  "0::/\n",
  "0::/cofferdam\n",
  "0::/cofferdamned/nginx/7\n",
  "0::/user.slice/cofferdam/nginx/7\n",
  // A controller of version 1 decides nothing, whatever its groups are called.
  "1:name=0::/cofferdam/nginx/7:/cofferdam/nginx/7\n0::/\n",
  "4:memory:/cofferdam/nginx/7\n",
  "",
])("%j is in none", (text) => {
  expect(placeInCgroups(text, "/cofferdam")).toBeNull();
});

test("a group below a bind mount is not the host's of the same name", () => {
  expect(placeInCgroups("0::/cofferdam/nginx/7\n", "/docker/a/cofferdam")).toBeNull();
  expect(placeInCgroups("0::/docker/a/cofferdam/nginx/7\n", "/docker/a/cofferdam")).toEqual({
    domain: "nginx",
    run: 7,
  });
});

const unit = "0::/system.slice/a.service/cofferdam/nginx.0123456789abcdef/812";

test("a run in a unit's group is in its domain, where the group is root's", () => {
  const asked: string[] = [];
  const look = (text: string, isRoots: boolean) =>
    placeInCgroups(text, "/cofferdam", (path) => {
      asked.push(path);
      return isRoots;
    });
  expect(look(`${unit}\n`, true)).toEqual({ domain: "nginx", run: 812 });
  expect(look(`${unit}/deeper\n`, true)).toEqual({ domain: "nginx", run: 812 });
  expect(look(`1:cpu:/\n${unit}\n`, true)).toEqual({ domain: "nginx", run: 812 });
  // One that a user made below a unit that is delegated to him.
  expect(look(`${unit}\n`, false)).toBeNull();
  expect(new Set(asked)).toEqual(new Set([unit.slice(3)]));
});

test("a group that the caller may not see counts as none of root's", (context) => {
  needsRoot(context);
  const mount = findCgroup2Mount(readFileSync("/proc/self/mountinfo", "utf8"));
  skipUnless(context, mount !== null, "no cgroup v2 hierarchy is mounted");
  const names = [`cofferdam-path-${process.pid}`, "a.service", "cofferdam"];
  names.push("nginx.0123456789abcdef", "812");
  const folders = names.map((_, at) => join(mount?.point ?? "", ...names.slice(0, at + 1)));
  const place = () => placeInCgroups(`0::/${names.join("/")}\n`, "/cofferdam");
  try {
    for (const folder of folders) mkdirSync(folder);
    chmodSync(folders[2] as string, PRIVATE_FOLDER);
    expect(place()).toEqual({ domain: "nginx", run: 812 });
    process.seteuid?.(NOBODY);
    expect(place()).toBeNull();
  } finally {
    process.seteuid?.(0);
    for (const folder of folders.toReversed()) rmdirSync(folder);
  }
});

test.each([
  "0::/system.slice/a.service/cofferdam/nginx/812",
  "0::/system.slice/a.scope/cofferdam/nginx.0123456789abcdef/812",
  "0::/system.slice/a.service/x/cofferdam/nginx.0123456789abcdef/812",
  "0::/system.slice/a.service/cofferdam/nginx.0123456789abcdef/x",
])("%s is a group of another kind", (text) => {
  expect(placeInCgroups(`${text}\n`, "/cofferdam", () => true)).toBeNull();
});
