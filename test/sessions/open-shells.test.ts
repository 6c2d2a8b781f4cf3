import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { OpenShells } from "../../src/sessions/open-shells.ts";
import { scratchFolder } from "../support/scratch.ts";

const MAX = 3;
const runs = scratchFolder("runs");

const opened = (shells: OpenShells, user: number) => {
  const shell = shells.open(user);
  if (shell === null) throw new Error(`user ${user} has no room`);
  return shell;
};

test("one user has so many shells and no more, others have their own, and root any number", () => {
  const shells = new OpenShells(runs, MAX);
  const own = Array.from({ length: MAX }, () => opened(shells, 7));
  expect(shells.open(7)).toBeNull();
  opened(shells, 8);
  own[0]?.over();
  opened(shells, 7);
  expect(shells.open(7)).toBeNull();
  for (let count = 0; count < 10 * MAX; count++) opened(shells, 0);
});

test("a shell counts until the last process of its domain ends", () => {
  const shells = new OpenShells(runs, 1);
  const record = join(runs, "4711");
  symlinkSync("shell 12 sealed enforcing 1 2 3 live", record);
  const shell = opened(shells, 7);
  shell.started(4711);
  shell.over();
  expect(shells.open(7)).toBeNull();
  rmSync(record);
  expect(shells.open(7)).not.toBeNull();
});

test("one that did not start counts for nothing", () => {
  const shells = new OpenShells(runs, 1);
  opened(shells, 7).over();
  expect(shells.of(7)).toBe(0);
});
