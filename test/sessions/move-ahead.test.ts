import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { processesBeside } from "../../src/sessions/move-ahead.ts";

const line = (root: string) => `29 23 0:26 ${root} /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n`;

test("the file that is found lists the process whose group it is", () => {
  const file = processesBeside(
    readFileSync("/proc/self/mountinfo", "utf8"),
    readFileSync("/proc/self/cgroup", "utf8"),
  );
  if (file === null) throw new Error("this host has no control groups version 2");
  // Others of the group may be of pid namespaces that are not seen here: 0.
  expect(readFileSync(file, "utf8").split("\n")).toContain(String(process.pid));
});

test.each([
  [
    "the whole hierarchy",
    "/",
    "4:memory:/other\n0::/system.slice/agent\n",
    "/sys/fs/cgroup/system.slice/agent/cgroup.procs",
  ],
  ["the part that is mounted", "/a", "0::/a/b\n", "/sys/fs/cgroup/b/cgroup.procs"],
  ["a group outside that part", "/a", "0::/ab\n", null],
  ["version 1 alone", "/", "4:memory:/other\n", null],
])("%s", (_, root, cgroup, file) => {
  expect(processesBeside(line(root), cgroup)).toBe(file);
});
