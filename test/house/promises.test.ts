import { posix } from "node:path";
import { expect, test } from "vitest";
import { files, filesLike, read } from "./tree.ts";

/** `a/b` in backticks, and what a pattern of names says. */
const name = /`([\w@.*-]+(?:\/[\w@.*-]+)*\/?)`/g;
const tests = filesLike([""], ["test/"]);

function namesAFile(text: string): boolean {
  const pattern = text.replace(/\/$/, "").replaceAll(".", "\\.").replaceAll("*", "[^/]*");
  return tests.some((file) =>
    new RegExp(`^${pattern}(/.*|(\\.host)?\\.test\\.ts|\\.c|\\.ts)?$`).test(file),
  );
}

function cells(page: string, column: number): readonly string[] {
  return read(page)
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("|--"))
    .map((line) => line.split(/(?<!\\)\|/)[column] ?? "");
}

function namesIn(text: string): readonly string[] {
  return [...text.matchAll(name)].map((match) => match[1] ?? "");
}

test("every test that a promise names is there", () => {
  const named = cells("docs/properties.md", 2)
    .flatMap(namesIn)
    .filter((text) => text !== "status");
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter((text) => !namesAFile(`test/${text}`))).toEqual([]);
});

test("every promise that is not for a later version names a test", () => {
  const rows = cells("docs/properties.md", 2).slice(1);
  expect(rows.filter((text) => namesIn(text).length === 0)).toEqual([]);
});

test("every test that SECURITY.md names is there", () => {
  const programs = cells("SECURITY.md", 3).flatMap(namesIn);
  const attacks = files
    .filter((file) => file.startsWith("test/attacks/"))
    .map((file) => posix.basename(file, ".c"));
  const isAttack = (text: string) =>
    attacks.some((one) => new RegExp(`^${text.replaceAll("*", ".*")}$`).test(one));
  expect(programs.length).toBeGreaterThan(40);
  expect(programs.filter((text) => !namesAFile(text) && !isAttack(text))).toEqual([]);
  const folders = namesIn(read("SECURITY.md")).filter((text) => text.startsWith("test/"));
  expect(folders.length).toBeGreaterThan(10);
  expect(folders.filter((text) => !namesAFile(text))).toEqual([]);
});
