import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { DomainIdentity } from "../../src/domains/identity.ts";
import { giveNumbers } from "../../src/domains/numbers.ts";
import { beforePath, readNumbers } from "../../src/domains/numbers-file.ts";
import { StateError } from "../../src/domains/state-error.ts";
import { lockFile } from "../../src/kernel/file-lock.ts";
import { scratchFolder } from "../support/scratch.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = scratchFolder("numbers");
  path = join(folder, "numbers.json");
});
afterEach(() => rmSync(folder, { recursive: true }));

function domain(name: string, identity = name, inode: string | null = `i-${name}`): DomainIdentity {
  return { name, origin: `/etc/cofferdam/domains/${name}.yaml`, identity, inode };
}

/** What the agent does: all of them, and nothing else is there. */
function all(...wanted: readonly DomainIdentity[]): Record<string, number> {
  const names = new Set(wanted.map(({ name }) => name));
  return Object.fromEntries(giveNumbers(path, wanted, names, true));
}

test("numbers begin with 1, follow each other, and stay", () => {
  expect(all(domain("a"), domain("b"))).toEqual({ a: 1, b: 2 });
  expect(all(domain("b"), domain("c"), domain("a"))).toEqual({ a: 1, b: 2, c: 3 });
  expect(all(domain("a", "changed", "other"))).toEqual({ a: 1 });
});

test("a number is never given to another domain", () => {
  all(domain("a"), domain("b"));
  expect(all(domain("b"))).toEqual({ b: 2 });
  expect(all(domain("b"), domain("x"))).toEqual({ b: 2, x: 3 });
  expect(readNumbers(path).domains.find(({ name }) => name === "a")).toMatchObject({
    number: 1,
    gone: true,
  });
});

test("a domain that comes back has its number again", () => {
  all(domain("a"), domain("b"));
  all(domain("b"));
  expect(all(domain("a", "another policy", "another file"), domain("b"))).toEqual({ a: 1, b: 2 });
});

test("a renamed file keeps its number: changed, by inode; copied, by meaning", () => {
  all(domain("a"), domain("b"));
  expect(all(domain("web", "changed", "i-a"), domain("b"))).toEqual({ web: 1, b: 2 });
  expect(all(domain("site", "changed", "new file"), domain("b"))).toEqual({ site: 1, b: 2 });
});

test("the new owner of a name does not get the number that went with the file", () => {
  all(domain("a"));
  expect(all(domain("web", "a", "i-a"), domain("a", "quite another", "new"))).toEqual({
    web: 2,
    a: 1,
  });
  all(domain("web", "a", "i-a"));
  expect(all(domain("web2", "a", "i-a"))).toEqual({ web2: 2 });
});

test("two that fit are no rename: both get numbers of their own", () => {
  all(domain("a", "same"), domain("b", "same"));
  expect(all(domain("c", "same", "x"))).toEqual({ c: 3 });
  all(domain("d", "one"));
  expect(all(domain("e", "one", "y"), domain("f", "one", "z"))).toEqual({ e: 5, f: 6 });
});

test("instances of a template are never taken for each other", () => {
  all(domain("worker@1", "w", "i-w"));
  expect(all(domain("worker@2", "w", "i-w"))).toEqual({ "worker@2": 2 });
  expect(all(domain("worker@1", "w", "i-w"))).toEqual({ "worker@1": 1 });
});

test("a single start gives a number and takes none away", () => {
  all(domain("a"), domain("b"));
  expect(Object.fromEntries(giveNumbers(path, [domain("c")], new Set(["a", "b", "c"])))).toEqual({
    c: 3,
  });
  expect(readNumbers(path).domains.filter(({ gone }) => gone)).toEqual([]);
});

test.each([
  ["no JSON", "{"],
  ["no list", JSON.stringify({ version: 1, next: 2 })],
  ["another version", JSON.stringify({ version: 2, next: 1, domains: [] })],
  [
    "a number twice",
    JSON.stringify({ version: 1, next: 2, domains: [record(1, "a"), record(1, "b")] }),
  ],
  [
    "a name twice",
    JSON.stringify({ version: 1, next: 3, domains: [record(1, "a"), record(2, "a")] }),
  ],
  ["a number to come", JSON.stringify({ version: 1, next: 2, domains: [record(2, "a")] })],
  ["superDom's number", JSON.stringify({ version: 1, next: 2, domains: [record(0, "a")] })],
  ["a record of nothing", JSON.stringify({ version: 1, next: 2, domains: [null] })],
  ["empty", ""],
])("a broken file (%s) is refused with what to do, and left as it is", (_what, text) => {
  writeFileSync(path, text);
  expect(() => all(domain("a"))).toThrow(StateError);
  expect(readFileSync(path, "utf8")).toBe(text);
});

test("the state before lies beside the file", () => {
  all(domain("a"));
  const first = readFileSync(path, "utf8");
  all(domain("a"), domain("b"));
  expect(readFileSync(beforePath(path), "utf8")).toBe(first);
});

test("nothing is written while another process gives numbers or nothing changes", () => {
  const lock = lockFile(`${path}.lock`);
  expect(lock).not.toBeNull();
  expect(lockFile(`${path}.lock`)).toBeNull();
  lock?.release();
  all(domain("a"));
  const before = readFileSync(path, "utf8");
  all(domain("a"));
  expect(readFileSync(path, "utf8")).toBe(before);
});

function record(number: number, name: string) {
  return { number, name, origin: "/x", identity: "y" };
}
