import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CatalogueEntry } from "../../src/diagnostics/catalogue/entry.ts";
import { catalogue } from "../../src/diagnostics/catalogue.ts";
import { catalogueMarkdown } from "../../src/diagnostics/catalogue-markdown.ts";
import { hasError } from "../../src/diagnostics/diagnostic.ts";
import { needsRoot } from "../support/skip.ts";
import { changesOwner, runFixture } from "./fixture.ts";

const root = join(import.meta.dirname, "fixtures");
const names = readdirSync(root).sort();

describe("fixtures: each folder is a policy, a host, and what is said about them", () => {
  for (const name of names) {
    const folder = join(root, name);
    it(name, (context) => {
      if (changesOwner(folder)) needsRoot(context);
      const { loaded, diagnostics, errors, text } = runFixture(folder);
      const file = join(folder, "expected.txt");
      // UPDATE_FIXTURES=1 writes what is said now; read the difference before you keep it.
      if (process.env.UPDATE_FIXTURES === "1") writeFileSync(file, text);
      expect(existsSync(file), "expected.txt").toBe(true);
      expect(text).toBe(readFileSync(file, "utf8"));
      expect(loaded.policy === null, "no policy exactly where loading found an error").toBe(
        hasError(loaded.diagnostics),
      );
      const checked = diagnostics.slice(loaded.diagnostics.length);
      expect(errors, "the errors alone").toEqual(
        checked.filter(({ severity }) => severity === "error"),
      );
    });
  }
});

describe("the catalogue", () => {
  const entries: readonly CatalogueEntry[] = Object.values(catalogue);

  it("has no code twice", () => {
    expect(new Set(entries.map(({ code }) => code)).size).toBe(entries.length);
  });

  it("has a chapter of the reference page for every code", () => {
    const page = catalogueMarkdown();
    expect(entries.filter(({ code }) => !page.includes(`### ${code}: `))).toEqual([]);
  });

  // CFD30xx come from the compiler, which has tests of its own. CFD1017 is about a file that the
  // agent writes (test/agent/exceptions).
  it("has a fixture for every code of a policy", () => {
    const said = names
      .map((name) => readFileSync(join(root, name, "expected.txt"), "utf8"))
      .join("");
    const missing = entries
      .filter(({ code }) => code < "CFD3000" && code !== "CFD1017")
      .filter(({ code, severity }) => !said.includes(` ${severity} ${code}: `))
      .map(({ code }) => code);
    expect(missing).toEqual([]);
  });

  it("speaks in sentences that begin in lower case or with a quotation, without final stop", () => {
    for (const { code, message, fix } of entries) {
      expect(message, code).toMatch(/^[a-z`{]/);
      expect(`${message}\n${fix}`, code).not.toMatch(/\.$/m);
    }
  });
});
