import { execFileSync, spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commands } from "../../src/cli/commands.ts";
import { manual } from "../../src/cli/manual/manual.ts";
import { keyNames } from "../../src/policy/language.ts";
import { scratchFolder } from "../support/scratch.ts";
import { skipUnless } from "../support/skip.ts";

const pages = manual(commands);
const folder = scratchFolder("manual");
const has = (program: string): boolean => spawnSync("which", [program]).status === 0;

beforeAll(() => {
  for (const { file, text } of pages) writeFileSync(join(folder, file), text);
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A page as a terminal of 80 columns shows it, without its fonts. */
function shown(file: string): string {
  const text = execFileSync(
    "groff",
    ["-man", "-Tutf8", "-rLL=78n", "-P-cbou", join(folder, file)],
    {
      encoding: "utf8",
    },
  );
  return text.replaceAll("‐", "-");
}

test("every command has a page, and the policy language one", () => {
  const names = pages.map(({ file }) => file);
  expect(names).toEqual([
    "cofferdam.1",
    ...commands.map(({ name }) => `cofferdam-${name}.1`),
    "cofferdam-policy.5",
  ]);
});

test.each(pages.map(({ file }) => file))(
  "%s is roff without a warning, and fits 80 columns",
  (file) => {
    // Exercised by whatever the host has; the pages' form is the same.
    if (has("groff")) {
      const { status, stderr } = spawnSync(
        "groff",
        ["-ww", "-b", "-man", "-z", "-Tutf8", join(folder, file)],
        {
          encoding: "utf8",
        },
      );
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      // What is to be typed is not broken.
      const prose = shown(file)
        .split("\n")
        .filter((line) => !/^ {11}\S/.test(line));
      expect(prose.filter((line) => line.length > 80)).toEqual([]);
    }
    const text = pages.find((page) => page.file === file)?.text ?? "";
    expect(text).toMatch(/^\.SH NAME\n\S+ \\- \S/m);
  },
);

test("a page says what --help says: options, sub-commands, exit status, examples", (context) => {
  skipUnless(context, has("groff"), "groff is not there");
  const ps = shown("cofferdam-ps.1");
  for (const text of [
    "-Z, --all",
    "cofferdam ps -TcjstvZ | grep nginx",
    "EXIT STATUS",
    "cofferdam-policy(5)",
  ])
    expect(ps).toContain(text);
  expect(ps).not.toContain("Exit status:");
  expect(ps).not.toMatch(/of -TcjstvZ/);
  const settings = shown("cofferdam-settings.1");
  expect(settings).toContain("cofferdam settings set [OPTION]... <key> <value>");
  expect(settings).toMatch(/^ {3}get\n/m);
});

test("the page of the policy language has every key", (context) => {
  skipUnless(context, has("groff"), "groff is not there");
  const page = shown("cofferdam-policy.5");
  for (const key of keyNames("domain")) expect(page).toMatch(new RegExp(`^ {3}${key}$`, "m"));
});

test("man finds nothing to complain of", (context) => {
  skipUnless(context, has("man"), "man is not there");
  const env = { ...process.env, MANWIDTH: "80", LC_ALL: "C.UTF-8" };
  const { status, stdout, stderr } = spawnSync(
    "man",
    ["--warnings", "-l", join(folder, "cofferdam.1")],
    {
      encoding: "utf8",
      env,
    },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toContain("COFFERDAM(1)");
});
