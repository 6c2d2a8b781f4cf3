import * as fs from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StartedNames } from "../../src/mediate/domain/started-names.ts";
import { fstat } from "../../src/mediate/sys/sys.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { scratchFolder } from "../support/scratch.ts";

const READ_FILE = 4n;
const O_PATH = 0o10000000;

let folder: string;
let root: number;
beforeEach(() => {
  folder = scratchFolder("started-names");
  fs.mkdirSync(`${folder}/etc/app`, { recursive: true });
  fs.writeFileSync(`${folder}/etc/app/key`, "");
  root = fs.openSync(folder, O_PATH);
});
afterEach(() => fs.closeSync(root));

function statOf(name: string) {
  const fd = fs.openSync(folder + name, O_PATH);
  const stat = fstat(fd);
  fs.closeSync(fd);
  if (typeof stat === "number") throw new Error(`${name}: error ${stat}`);
  return stat;
}

/** Of a domain that sees the folder as its root, as a unit with mounts of its own sees another. */
function started(): StartedNames {
  const path = "/etc/app";
  const { dev, ino } = fs.statSync(folder + path);
  const landlock = { paths: [{ path, directory: true, rights: READ_FILE }] };
  const mediation = { inodes: [{ path, inode: `${dev}:${ino}` }] };
  return new StartedNames({ landlock, mediation } as unknown as Plan, root);
}

test("a directory is looked up in the domain's own view, not in the mediator's", () => {
  const names = started();
  expect(names.stands("/etc/app")).toBe(true);
  expect(names.covers("/etc/app/key", READ_FILE, statOf("/etc/app/key"))).toBe(true);
  fs.renameSync(`${folder}/etc/app`, `${folder}/etc/old`);
  fs.mkdirSync(`${folder}/etc/app`);
  fs.writeFileSync(`${folder}/etc/app/key`, "");
  expect(names.stands("/etc/app")).toBe(false);
  expect(names.covers("/etc/app/key", READ_FILE, statOf("/etc/app/key"))).toBe(false);
});

test("a link in a directory's place is another one", () => {
  const names = started();
  fs.renameSync(`${folder}/etc/app`, `${folder}/etc/old`);
  fs.symlinkSync("old", `${folder}/etc/app`);
  expect(names.stands("/etc/app")).toBe(false);
});
