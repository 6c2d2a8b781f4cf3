import { expect, test } from "vitest";
import { runCalledAs } from "../../src/cli/called-as.ts";
import { commands } from "../../src/cli/commands.ts";
import { esxtop } from "../../src/esxi/tools/esxtop.ts";
import { supportUtil } from "../../src/esxi/tools/support-util.ts";
import { places } from "../../src/host/places.ts";
import { hearing } from "../cli/hearing.ts";

async function run(name: string, ...args: readonly string[]) {
  const { context, ended } = hearing(
    places({ uid: 1000, env: { HOME: "/nonexistent" }, home: "/nonexistent" }),
  );
  return ended(await runCalledAs(name, args, context, commands));
}

test("the original's words are those of cofferdam", () => {
  expect(esxtop([])).toEqual(["top"]);
  expect(esxtop(["-b", "-n", "5", "-d2"])).toEqual([
    "top",
    "--batch",
    "--iterations",
    "5",
    "--delay",
    "2",
  ]);
  expect(supportUtil(["vm-support"])).toEqual(["support"]);
  expect(supportUtil(["vm-support", "-w", "/x"])).toEqual(["support", "--directory", "/x"]);
});

test.for([
  ["esxtop", "-a"],
  ["esxtop", "-R", "/x"],
  ["esxtop", "-b", "x"],
  ["esxtop", "--json"],
  ["support-util"],
  ["support-util", "other"],
  ["support-util", "vm-support", "x"],
])("%j is refused in the original's name, with what may be given", async ([name = "", ...args]) => {
  const { status, out, err } = await run(name, ...args);
  expect({ status, out }).toEqual({ status: 2, out: "" });
  expect(err).toMatch(new RegExp(`^${name}: .*\\n {2}help: ${name} `));
});

test("help is that of the command it is, and other names are none of these", async () => {
  expect((await run("esxtop", "-h")).out).toContain("Usage: cofferdam top");
  expect((await run("support-util", "-h")).out).toContain("Usage: cofferdam support");
  expect((await run("secpolicytools", "-h")).status).toBeNull();
  expect((await run("constructor")).status).toBeNull();
});
