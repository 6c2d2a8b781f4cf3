import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { PUBLIC_FILE } from "../../src/base/modes.ts";
import { hasError } from "../../src/diagnostics/diagnostic.ts";
import { renderDiagnostics } from "../../src/diagnostics/render.ts";
import { type LoadedPolicy, loadPolicy } from "../../src/policy/load.ts";
import { scratchFolder } from "../support/scratch.ts";
import { policyText } from "./generators.ts";
import { vocabulary } from "./vocabulary.ts";

let folder = "";
beforeAll(() => {
  folder = scratchFolder("fuzz");
});

function load(bytes: Uint8Array | string): LoadedPolicy {
  const file = join(folder, "web.yaml");
  writeFileSync(file, bytes, { mode: PUBLIC_FILE });
  return loadPolicy(file, { vocabulary });
}

/** What must hold whatever a file says. */
function expectSound(loaded: LoadedPolicy): void {
  expect(loaded.policy === null).toBe(hasError(loaded.diagnostics));
  for (const { file, line, column, length, message, help } of loaded.diagnostics) {
    const text = (loaded.sources.get(file) ?? "").split("\n")[line - 1];
    expect(text, `${file}:${line} is a line of the file`).toBeDefined();
    expect(column - 1 + length, message).toBeLessThanOrEqual([...(text ?? "")].length);
    expect(`${message}${help}`).not.toMatch(/undefined|\[object|[\u0000-\u001f\u007f-\u009f]/);
  }
  expect(
    renderDiagnostics(loaded.diagnostics, { color: false, sources: loaded.sources }),
  ).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
}

/** Policies to mutate: those of the fixtures, without the ones that are large on purpose. */
const seeds = readdirSync(join(import.meta.dirname, "fixtures"))
  .map((name) => join(import.meta.dirname, "fixtures", name))
  .filter((name) => readdirSync(name).includes("web.yaml"))
  .map((name) => readFileSync(join(name, "web.yaml"), "utf8"))
  .filter((text) => text.length < 700);

const pieces = [
  "\n",
  "  ",
  "- ",
  ": ",
  "{",
  "}",
  "[",
  "]",
  "&a ",
  "*a",
  "!!str ",
  "'",
  '"',
  "|\n",
  ">-\n",
  "#",
  "---\n",
  "? ",
  "\t",
  "${",
  "\\",
  "deny ",
  "é",
  "😀",
  "\u0000",
  "\r",
  "%",
  "<<",
  "@",
  ",",
];

describe("loadPolicy", () => {
  it("random bytes never crash it and never give a policy with an error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => expectSound(load(bytes))),
      { numRuns: 800 },
    );
  });

  it("random text of YAML's signs never crashes it and never gives a policy with an error", () => {
    const text = fc.array(
      fc.oneof(
        fc.constantFrom(...pieces),
        fc.constantFrom("files", "r /a", "vars", "level", "a", "network"),
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(text, (parts) => expectSound(load(parts.join("")))),
      { numRuns: 1_500 },
    );
  });

  it("mutated policies never crash it and never give a policy with an error", () => {
    const mutation = fc.record({
      at: fc.nat(4096),
      remove: fc.nat(8),
      insert: fc.constantFrom("", ...pieces),
    });
    fc.assert(
      fc.property(
        fc.oneof(fc.constantFrom(...seeds), policyText),
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        (seed, mutations) => {
          let text = seed;
          for (const { at, remove, insert } of mutations) {
            const from = at % (text.length + 1);
            text = text.slice(0, from) + insert + text.slice(from + remove);
          }
          expectSound(load(text));
        },
      ),
      { numRuns: 1_500 },
    );
  });

  it("a file that stops anywhere gives no more than the whole one", () => {
    const whole = "files:\n  - r /a/**\n  - deny r /a/b\nuser: www-data\n";
    expect(load(whole).policy?.names.length).toBe(2);
    for (let end = 0; end < whole.length; end++) expectSound(load(whole.slice(0, end)));
  });
});
