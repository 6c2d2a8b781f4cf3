import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { hostSnapshot } from "../../src/compile/host-snapshot.ts";
import { nameOfBytes } from "../../src/model/name-bytes.ts";
import { treeOf } from "../../src/suggest/tree.ts";
import { scratchFolder } from "../support/scratch.ts";

const tree = treeOf(hostSnapshot());
const MANY = 100;

let folder: string;
beforeEach(() => {
  folder = scratchFolder("tree");
  mkdirSync(join(folder, "data/deep"), { recursive: true });
  writeFileSync(join(folder, "data/deep/file"), "");
  symlinkSync("/etc", join(folder, "data/link"));
  symlinkSync("data", join(folder, "moved"));
});
const names = (...below: string[]) => below.map((name) => `${folder}/data/${name}`);

test("names below a folder are found without following links", () => {
  expect(tree.below(`${folder}/data`, MANY)).toEqual(names("deep", "link", "deep/file"));
  expect(tree.below(`${folder}/data`, 3)).toHaveLength(3);
  expect(tree.below(`${folder}/data`, 2)).toBeNull();
});

test("there are none below what a link leads to, what is no folder, and what is not there", () => {
  expect(tree.below(`${folder}/moved`, MANY)).toBeNull();
  expect(tree.below(`${folder}/moved/deep`, MANY)).toBeNull();
  expect(tree.below(`${folder}/data/deep/file`, MANY)).toBeNull();
  expect(tree.below(`${folder}/gone`, MANY)).toBeNull();
  expect(tree.exists(`${folder}/gone`)).toBe(false);
  expect(tree.exists(`${folder}/data/deep`)).toBe(true);
});

test("names need not be UTF-8, folders neither", () => {
  const odd = nameOfBytes(Buffer.from([0x61, 0xff]));
  const bytes = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x61, 0xff])]);
  mkdirSync(bytes);
  writeFileSync(Buffer.concat([bytes, Buffer.from("/in")]), "");
  expect(tree.exists(`${folder}/${odd}/in`)).toBe(true);
  expect(tree.below(`${folder}/${odd}`, MANY)).toEqual([`${folder}/${odd}/in`]);
});
