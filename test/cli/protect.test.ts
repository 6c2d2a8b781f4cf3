import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PRIVATE_FILE, PRIVATE_FOLDER, PUBLIC_PROGRAM } from "../../src/base/modes.ts";
import { Caller } from "./command-line.ts";

let caller: Caller;
beforeEach(() => {
  caller = new Caller();
});
afterEach(() => caller.remove());

const fileOf = (name: string) => join(caller.folder, `.config/cofferdam/domains/${name}.yaml`);

function tool(text = "#!/usr/bin/env python3\n"): string {
  const file = join(caller.folder, "tool");
  writeFileSync(file, text);
  chmodSync(file, PUBLIC_PROGRAM);
  return file;
}

test("a user's program: a draft in the user's folder, at warning, that check accepts", async () => {
  const program = tool();
  const { status, out } = await caller.run(["protect", program]);
  expect(status).toBe(0);
  const file = fileOf("tool");
  expect(out).toContain(`${file} written\n`);
  expect(out.replaceAll(/\s+/g, " ")).toContain(`cofferdam run tool -- ${program} starts it in`);
  const text = readFileSync(file, "utf8");
  expect(text).toContain("\nlevel: warning #");
  expect(text).toMatch(/# the interpreter of \S+\n {2}- rx \/usr\/bin\/python3/);
  const checked = await caller.run(["check", "tool"]);
  expect(checked.status, checked.out).toBe(0);
  // The second time the policy is there.
  const again = await caller.run(["protect", program]);
  expect(again).toMatchObject({ status: 0, out: expect.stringContaining("there is a policy for") });
  expect(readFileSync(file, "utf8")).toBe(text);
});

test("--print writes nothing, and --json has each line with its evidence", async () => {
  const program = tool();
  const { status, out } = await caller.run(["protect", "--print", "--", program, "/etc/shadow"]);
  expect(status).toBe(0);
  expect(out).toMatch(/\n {2}# careful: it holds the hashes[^-]+\n {2}# - r \/etc\/shadow\n/);
  const json = JSON.parse((await caller.run(["protect", "--print", "--json", program])).out);
  expect(json).toMatchObject({
    domain: "tool",
    drafted: true,
    unit: null,
    left: 0,
  });
  expect(json.lines).toContainEqual({
    ...{ section: "include", line: "base", from: "cofferdam", dangers: [], granted: true },
    why: "what every program touches",
  });
  expect(existsSync(fileOf("tool"))).toBe(false);
});

test("a caller whose folder is gone names programs by their whole path", async () => {
  const program = tool();
  const gone = Object.assign(new Error("uv_cwd"), { code: "ENOENT" });
  vi.spyOn(process, "cwd").mockImplementation(() => {
    throw gone;
  });
  const named = await caller.run(["protect", "--print", "--json", program]);
  const relative = await caller.run(["protect", "./tool"]);
  vi.restoreAllMocks();
  expect(named.status, named.err).toBe(0);
  expect(relative).toMatchObject({ status: 3, err: expect.stringContaining("neither a unit") });
});

test("no policy is written over another one", async () => {
  const file = fileOf("tool");
  mkdirSync(dirname(file), { recursive: true, mode: PRIVATE_FOLDER });
  writeFileSync(file, "summary: mine\n", { mode: PRIVATE_FILE });
  const program = tool();
  const refused = await caller.run(["protect", program]);
  expect(refused.status).toBe(1);
  expect(refused.err).toContain("there is a domain tool already");
  expect(readFileSync(file, "utf8")).toBe("summary: mine\n");
  expect((await caller.run(["protect", "--name", "other", program])).status).toBe(0);
  expect(existsSync(fileOf("other"))).toBe(true);
  // There is one for it now.
  expect((await caller.run(["protect", "--name", "third", program])).status).toBe(1);
  expect((await caller.run(["protect", "--replace", program])).status).toBe(0);
  expect(readFileSync(file, "utf8")).toContain("drafted by");
});

test.each([
  [[], 2, "nothing is named"],
  [["nowhere-to-be-found"], 3, "neither a unit nor a program"],
  [["/nowhere/tool"], 3, "neither a unit nor a program"],
  [["/etc/passwd"], 3, "is no program"],
  [["/etc"], 3, "neither a unit nor a program"],
  [["--", "/usr/bin/python3", "nowhere.py"], 3, "`nowhere.py`, which /usr/bin/python3"],
  [["1"], 3, "only root can look at running processes"],
  [["web.service"], 3, "only root can protect units"],
  [["--now", "/usr/bin/env"], 2, "--now is for units"],
  [["--name", "../x", "/usr/bin/env"], 2, "is not the name of a domain"],
  [["--name", "worker@", "/usr/bin/env"], 2, "is not the name of a domain"],
])("%j is refused", async (words, status, message) => {
  const refused = await caller.run(["protect", ...words]);
  expect(refused).toMatchObject({ status, out: "" });
  expect(refused.err).toContain(message);
  expect(existsSync(dirname(fileOf("tool")))).toBe(false);
});
