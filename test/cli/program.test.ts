import { expect, test } from "vitest";
import type { Command, Context, Options } from "../../src/cli/command.ts";
import { CommandError, jsonOption } from "../../src/cli/command.ts";
import { runCommandLine } from "../../src/cli/program.ts";
import { ExitCode } from "../../src/host/exit-code.ts";
import { Caller, type Outcome } from "./command-line.ts";

const seen: { operands: readonly string[]; options: Options }[] = [];

const level: Command = {
  name: "level",
  operands: [
    { name: "<domain>", description: "its name" },
    { name: "[level]", description: "the new one" },
  ],
  summary: "says or changes",
  description: ["Says or changes a level."],
  options: [jsonOption],
  examples: [],
  run(_context, operands, options) {
    seen.push({ operands, options });
    if (operands[0] === "nobody")
      throw new CommandError("no domain is called `nobody`", "see `cofferdam domain list`");
    return ExitCode.no;
  },
};

const domain: Command = {
  name: "domain",
  operands: [],
  summary: "the table",
  description: ["Looks at the table."],
  options: [],
  examples: [{ line: "cofferdam domain level nginx", what: "its level" }],
  subcommands: [level],
};

async function run(...args: readonly string[]): Promise<Outcome> {
  const caller = new Caller();
  const out: string[] = [];
  const err: string[] = [];
  const context: Context = {
    places: caller.places,
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    width: 80,
    color: false,
  };
  const status = await runCommandLine(args, context, [domain]);
  caller.remove();
  return { status, out: out.join(""), err: err.join("") };
}

test("a sub-command gets its operands and options; its exit status is the program's", async () => {
  const { status } = await run("domain", "level", "nginx", "warning", "--json");
  expect(status).toBe(1);
  expect(seen.pop()).toEqual({ operands: ["nginx", "warning"], options: { json: true } });
});

test("a command that has only sub-commands prints its help, and that is no success", async () => {
  const { status, err } = await run("domain");
  expect(status).toBe(2);
  expect(err).toMatch(/Usage: cofferdam domain[\s\S]*level +[\s\S]*says or changes/);
  expect((await run("domain", "--help")).out).toBe(err);
});

test("what is wrong with a sub-command's line names the help that tells", async () => {
  const { status, err } = await run("domain", "levle");
  expect(status).toBe(2);
  expect(err).toContain("cofferdam: unknown command 'levle'");
  expect(err).toContain("(cofferdam domain --help tells how)");
  expect((await run("domain", "level", "--sett")).err).toContain(
    "(cofferdam domain level --help tells how)",
  );
});

test("with --json a line that makes no sense is one record", async () => {
  for (const words of [
    ["domain", "level", "--json"],
    ["domain", "levle", "--json"],
    ["domian", "--json"],
    ["domain", "level", "--json", "nginx", "--nonsense"],
  ]) {
    const { status, out, err } = await run(...words);
    expect({ status, out, lines: err.split("\n").length }).toEqual({
      status: 2,
      out: "",
      lines: 2,
    });
    expect(JSON.parse(err)).toEqual({
      severity: "error",
      message: expect.stringMatching(/^(missing|unknown)/),
      help: "--help tells how",
      status: 2,
    });
  }
});

test("with --json a question without an answer is one record", async () => {
  const { status, err } = await run("domain", "level", "--json", "nobody");
  expect(status).toBe(3);
  expect(JSON.parse(err)).toEqual({
    severity: "error",
    message: "no domain is called `nobody`",
    help: "see `cofferdam domain list`",
    status: 3,
  });
  expect((await run("domain", "level", "nobody")).err).toBe(
    "cofferdam: no domain is called `nobody`\n  help: see `cofferdam domain list`\n",
  );
});

test("--json behind -- is somebody else's", async () => {
  const { err } = await run("domain", "level", "nobody", "--", "--json");
  expect(err).toContain("cofferdam: no domain is called");
});
