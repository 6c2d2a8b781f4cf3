import { expect, test } from "vitest";
import * as modes from "../../src/base/modes.ts";
import { filesLike, read } from "./tree.ts";

/** Where digits say more than a name. */
const octal: Readonly<Record<string, string>> = {
  "src/base/modes.ts": "the names themselves",
  "src/kernel/constants/": "the kernel's flags, as its headers write them",
  "test/compile/": "arguments of system calls in tables of what a filter answers",
  "test/events/socket-words.test.ts": "a type of socket with its flags",
  "test/mediate/openat2.test.ts": "a mode with every bit that openat2 might refuse",
  "test/mediate/scene.ts": "flags of open that a filter looks at",
};

const named = new Set<number>(Object.values(modes));

test("modes of files have names; src/base/modes.ts is the one place of their digits", () => {
  const sources = filesLike([".ts"], ["src/", "test/", "bench/", "demo/"]).filter(
    (file) => !Object.keys(octal).some((place) => file.startsWith(place)),
  );
  const unnamed = sources.flatMap((file) =>
    [...read(file).matchAll(/\b0o([0-7]+)\b/g)]
      .filter(([, digits = ""]) => named.has(Number.parseInt(digits, 8)))
      .map(([text]) => `${file}: ${text}`),
  );
  expect(unnamed).toEqual([]);
});

test("in src what has no name there is a constant of its own", () => {
  const loose = filesLike([".ts"], ["src/"])
    .filter((file) => !Object.keys(octal).some((place) => file.startsWith(place)))
    .flatMap((file) =>
      read(file)
        .split("\n")
        .filter((line) => /\b0o[0-7]/.test(line) && !/^(export )?const [A-Z_0-9]+ = 0o/.test(line))
        .map((line) => `${file}: ${line.trim()}`),
    );
  expect(loose).toEqual([]);
});
