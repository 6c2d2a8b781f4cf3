import { expect, test } from "vitest";
import type { CatalogueEntry } from "../../src/diagnostics/catalogue/entry.ts";
import { catalogue } from "../../src/diagnostics/catalogue.ts";
import { filesLike, read } from "./tree.ts";

const entries: readonly (readonly [string, CatalogueEntry])[] = Object.entries(catalogue);
const users = filesLike([".ts"], ["src/"])
  .filter((file) => !file.startsWith("src/diagnostics/catalogue"))
  .map(read)
  .join("\n");
const tests = filesLike([".ts", ".txt"], ["test/"]).map(read).join("\n");

test("every diagnostic has a code of its own", () => {
  const codes = entries.map(([, { code }]) => code);
  expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
  expect(codes.filter((code) => !/^CFD\d{4}$/.test(code))).toEqual([]);
});

test("every diagnostic is given by somebody", () => {
  expect(entries.map(([name]) => name).filter((name) => !users.includes(`"${name}"`))).toEqual([]);
});

test("every diagnostic is documented", () => {
  const page = read("docs/diagnostics.md");
  expect(entries.map(([, { code }]) => code).filter((code) => !page.includes(code))).toEqual([]);
});

test("every diagnostic is tested, by its name or its code", () => {
  const untested = entries.filter(
    ([name, { code }]) => !tests.includes(`"${name}"`) && !tests.includes(code),
  );
  expect(untested.map(([name]) => name)).toEqual([]);
});

test("messages and help are lower case, without a final stop", () => {
  const texts = entries.flatMap(([name, { message, fix }]) => [
    `${name}: ${message}`,
    `${name}: ${fix}`,
  ]);
  expect(texts.filter((text) => /\.$/.test(text) || /^[^:]*: [A-Z][a-z]/.test(text))).toEqual([]);
});
