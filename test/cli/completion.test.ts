import { spawnSync } from "node:child_process";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PUBLIC_PROGRAM } from "../../src/base/modes.ts";
import { commands } from "../../src/cli/commands.ts";
import { bashCompletion } from "../../src/cli/completion/bash.ts";
import { fishCompletion } from "../../src/cli/completion/fish.ts";
import { zshCompletion } from "../../src/cli/completion/zsh.ts";
import { scratchFolder } from "../support/scratch.ts";
import { skipUnless } from "../support/skip.ts";
import { Caller } from "./command-line.ts";

const folder = scratchFolder("completion");
const has = (program: string): boolean => spawnSync("which", [program]).status === 0;
const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };

beforeAll(() => {
  // What the scripts ask for names of domains.
  writeFileSync(
    join(folder, "cofferdam"),
    "#!/bin/sh\n[ \"$*\" = 'completion --words domains' ] && printf " +
      "'nginx\\nntpd\\nredis-server\\n'\n",
  );
  chmodSync(join(folder, "cofferdam"), PUBLIC_PROGRAM);
  writeFileSync(join(folder, "bash"), bashCompletion(commands));
  writeFileSync(join(folder, "_cofferdam"), zshCompletion(commands));
  writeFileSync(join(folder, "fish"), fishCompletion(commands));
  writeFileSync(join(folder, "policy.yaml"), "");
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What bash offers when Tab is pressed behind `line`. */
function offered(line: string): readonly string[] {
  const words = line.split(" ");
  const script =
    `source ./bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _cofferdam; printf '%s\\n' ` +
    `"\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync("bash", ["--norc", "-uc", script, "bash", ...words], {
    cwd: folder,
    env,
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  return stdout.split("\n").filter((word) => word !== "");
}

test("bash: commands, sub-commands, options, and what a value may be", () => {
  expect(offered("cofferdam ")).toEqual([
    ...commands.map(({ name }) => name),
    "--help",
    "--version",
  ]);
  expect(offered("cofferdam che")).toEqual(["check"]);
  expect(offered("cofferdam settings ")).toEqual(["list", "get", "set"]);
  expect(offered("cofferdam settings set --")).toEqual(["--json", "--help"]);
  expect(offered("cofferdam ps --w")).toEqual(["--wide"]);
  expect(offered("cofferdam ps n")).toEqual(["nginx", "ntpd"]);
  expect(offered("cofferdam run --policy pol")).toEqual(["policy.yaml"]);
  expect(offered("cofferdam run redis-server -- tru")).toContain("true");
  expect(offered("cofferdam completion ")).toEqual(["bash", "zsh", "fish"]);
  expect(offered("cofferdam events --verdict f")).toEqual(["failed"]);
  expect(offered("cofferdam events --domain re")).toEqual(["redis-server"]);
  expect(offered("cofferdam settings get /U")).toEqual([
    "/UserVars/ShellSandboxEnabled",
    "/UserVars/SupershellAsksReason",
    "/UserVars/Engine",
  ]);
  expect(offered("cofferdam ps --json n")).toEqual(["nginx", "ntpd"]);
});

test("bash: the second operand is another one than the first", () => {
  expect(offered("cofferdam domain level ")).toEqual(["nginx", "ntpd", "redis-server"]);
  expect(offered("cofferdam domain level nginx ")).toEqual(["enforcing", "warning", "disabled"]);
  expect(offered("cofferdam domain level --json nginx w")).toEqual(["warning"]);
});

test("bash: hidden options are not offered", () => {
  expect(offered("cofferdam ps -")).not.toContain("-c");
  expect(offered("cofferdam completion --")).toEqual(["--help"]);
});

test("bash: the words of the original are what the command says", async () => {
  const caller = new Caller();
  expect((await caller.run(["completion", "--words", "domains"])).out).toContain("nginx\n");
  expect((await caller.run(["completion", "bash"])).out).toBe(bashCompletion(commands));
  const { status, err } = await caller.run(["completion", "tcsh"]);
  expect({ status, err }).toEqual({
    status: 2,
    err: expect.stringContaining("name one of bash, zsh, fish"),
  });
  caller.remove();
});

test("zsh reads its script, and knows every command's function", (context) => {
  skipUnless(context, has("zsh"), "zsh is not there");
  const functions = "_cofferdam_ps _cofferdam_settings_set _cofferdam_domains";
  const script =
    "fpath=(. $fpath); autoload -U compinit; compinit -u -D; source ./_cofferdam; whence -w " +
    `${functions}; print $_comps[cofferdam]`;
  const { stdout, stderr, status } = spawnSync("zsh", ["-fc", script], {
    cwd: folder,
    env,
    encoding: "utf8",
  });
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  expect(stdout).toBe(
    `${functions
      .split(" ")
      .map((name) => `${name}: function\n`)
      .join("")}_cofferdam\n`,
  );
});

test("fish offers what its script says", (context) => {
  skipUnless(context, has("fish"), "fish is not there");
  const ask = (line: string): readonly string[] => {
    const script = `source ./fish; complete -C '${line}'`;
    const { stdout, stderr } = spawnSync("fish", ["--no-config", "-c", script], {
      cwd: folder,
      env: { ...env, HOME: folder },
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    return stdout.split("\n").flatMap((one) => one.split("\t")[0] || []);
  };
  expect(ask("cofferdam che")).toEqual(["check"]);
  expect(ask("cofferdam ps n")).toEqual(["nginx", "ntpd"]);
  expect(ask("cofferdam settings s")).toEqual(["set"]);
  expect(ask("cofferdam ps --w")).toEqual(["--wide"]);
});
