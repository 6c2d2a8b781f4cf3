import { expect, test } from "vitest";
import { filesLike, read } from "./tree.ts";

/** JSON of which nothing is believed: its values are looked at one by one, whatever they are. */
const LOOKED_AT = [
  // Options of the emulator, flattened to names with texts.
  "src/machines/qemu/keys.ts",
  // Values of a policy file, which its parser reads.
  "src/esxi/language/parse.ts",
  // Records that are written again without secrets.
  "src/cli/support/collect.ts",
];

test("JSON becomes a typed value only by a schema", () => {
  const parsing = filesLike([".ts"], ["src/"]).filter((file) => /\bJSON\.parse\(/.test(read(file)));
  expect(parsing.sort()).toEqual(["src/base/read-json.ts", ...LOOKED_AT].sort());
});
