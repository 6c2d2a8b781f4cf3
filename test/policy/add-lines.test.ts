import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { PUBLIC_FILE } from "../../src/base/modes.ts";
import { type AddedLine, addLines } from "../../src/policy/add-lines.ts";
import { POLICY_BYTES_MAX } from "../../src/policy/limits.ts";
import { loadPolicy } from "../../src/policy/load.ts";
import { scratchFolder } from "../support/scratch.ts";
import { policyText } from "./generators.ts";
import { vocabulary } from "./vocabulary.ts";

let file = "";
beforeAll(() => {
  file = join(scratchFolder("add-lines"), "web.yaml");
  writeFileSync(file, "", { mode: PUBLIC_FILE });
});

const files = (...lines: string[]): AddedLine[] =>
  lines.map((line) => ({ section: "files", line }));

test.each([
  [
    "behind the last item, whose comment stays",
    "files:\n  # a\n  - r /a  # b\n\n# c\nipc: [shm]\n",
    "files:\n  # a\n  - r /a  # b\n  - r /new\n\n# c\nipc: [shm]\n",
  ],
  [
    "with the indentation of the list",
    "files:\n- r /a\nipc: [shm]\n",
    "files:\n- r /a\n- r /new\nipc: [shm]\n",
  ],
  ["in brackets", "files: [r /a, 'r /b']  # c\n", "files: [r /a, 'r /b', r /new]  # c\n"],
  ["in empty brackets", "files: []\n", "files: [r /new]\n"],
  ["before a final comma", "files: [\n  r /a,\n]\n", "files: [\n  r /a, r /new,\n]\n"],
  [
    "before a comment in brackets",
    "files: [\n  r /a # first\n]\n",
    "files: [\n  r /a, r /new # first\n]\n",
  ],
  [
    "behind a block of text",
    "files:\n  - |\n    r /a\nipc: [shm]\n",
    "files:\n  - |\n    r /a\n  - r /new\nipc: [shm]\n",
  ],
  ["under a key without items", "files:\nipc: [shm]\n", "files:\n  - r /new\nipc: [shm]\n"],
  ["as a new section", "summary: x\n", "summary: x\nfiles:\n  - r /new\n"],
  ["behind a last line without an end", "summary: x", "summary: x\nfiles:\n  - r /new\n"],
  ["into an empty file", "", "files:\n  - r /new\n"],
  [
    "with the line ends of the file",
    "files:\r\n  - r /a\r\n",
    "files:\r\n  - r /a\r\n  - r /new\r\n",
  ],
  [
    "behind an item of two lines",
    "files:\n  - r /a\n    /b\nipc: [shm]\n",
    "files:\n  - r /a\n    /b\n  - r /new\nipc: [shm]\n",
  ],
])("a line is added %s", (_, text, expected) => {
  expect(addLines(text, files("r /new"))).toBe(expected);
});

test("lines of the last section come before new sections", () => {
  const added: AddedLine[] = [
    { section: "ipc", line: "sem" },
    { section: "files", line: "r /new" },
    { section: "signals", line: "any" },
  ];
  expect(addLines("files:\n  - r /a\n", added)).toBe(
    "files:\n  - r /a\n  - r /new\nipc:\n  - sem\nsignals:\n  - any\n",
  );
});

test("a line that YAML would read otherwise is quoted", () => {
  const lines = ["r /a\\ b", "r /a:\\ b", "r /[ab]\\#", "r /{a,b}"];
  for (const text of ["files:\n  - r /z\n", "files: [r /z]\n"]) {
    const changed = addLines(text, [...files(...lines), { section: "syscalls", line: "@mount" }]);
    const { understood, diagnostics } = loadPolicy(file, { vocabulary, text: changed });
    expect(diagnostics.map(({ message }) => message)).toEqual([]);
    expect(understood?.names.map(({ pattern }) => pattern)).toEqual([
      "/z",
      "/a\\ b",
      "/a:\\ b",
      "/[ab]\\#",
      "/{a,b}",
    ]);
  }
});

test("a text that would make too large a file is refused", () => {
  const text = `${"#".repeat(POLICY_BYTES_MAX - 10)}\nsummary: x\n`;
  expect(loadPolicy(file, { vocabulary, text }).diagnostics).toMatchObject([
    { message: expect.stringContaining("bytes") },
  ]);
  expect(loadPolicy(file, { vocabulary, text: text.slice(20) }).policy).not.toBeNull();
});

test("what was there stays, and the policy has the new lines beside it", () => {
  fc.assert(
    fc.property(policyText, fc.boolean(), (text, brackets) => {
      const added = [
        ...files("r /added/one", "wc /added/two"),
        { section: brackets ? "ipc" : "network", line: brackets ? "sem" : "listen tcp 4" },
      ] as AddedLine[];
      const changed = addLines(text, added);
      const before = loadPolicy(file, { vocabulary, text }).policy;
      const after = loadPolicy(file, { vocabulary, text: changed }).policy;
      expect(isWithin(text, changed)).toBe(true);
      const patterns = (policy: typeof before) => policy?.names.map(({ pattern }) => pattern);
      const left = patterns(after)?.filter((pattern) => !pattern.startsWith("/added/"));
      expect(left).toEqual(patterns(before));
      expect(after?.names.length).toBe((before?.names.length ?? 0) + 2);
    }),
    { numRuns: 300 },
  );
});

/** Whether `longer` is `text` with further characters between. */
function isWithin(text: string, longer: string): boolean {
  let at = 0;
  for (const character of longer) if (character === text[at]) at += 1;
  return at === text.length;
}
