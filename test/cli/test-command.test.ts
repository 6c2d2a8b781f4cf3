import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PRIVATE_FOLDER, PUBLIC_FILE, SHARED_FILE } from "../../src/base/modes.ts";
import { root } from "../house/tree.ts";
import { Caller } from "./command-line.ts";

let caller: Caller;
beforeEach(() => {
  caller = new Caller();
});
afterEach(() => caller.remove());

function write(name: string, text: string): string {
  const file = join(caller.folder, ".config/cofferdam/domains", name);
  mkdirSync(dirname(file), { recursive: true, mode: PRIVATE_FOLDER });
  writeFileSync(file, text, { mode: PUBLIC_FILE });
  return file;
}

const policy = (text: string) => write("tool.yaml", text);
const cases = (text: string) => write("cases/tool.yaml", text);
const unwrapped = (text: string) => text.replaceAll(/\s+/g, " ");

test("the cases of the shipped domains hold", async () => {
  const { status, out } = await caller.run(["test", "--json"]);
  expect(
    JSON.parse(out)
      .map(({ domain }: { domain: string }) => `${domain}.yaml`)
      .sort(),
  ).toEqual(readdirSync(join(root, "domains/cases")).sort());
  const failed = JSON.parse(out).flatMap((one: { cases: { holds: boolean }[] }) =>
    one.cases.filter(({ holds }) => !holds),
  );
  expect(failed).toEqual([]);
  expect(status).toBe(0);
});

test("a case that fails is shown with its place and the rule", async () => {
  const own = policy("mediation: supervised\nfiles: [r /srv/**]\n");
  const file = cases(
    "must-allow:\n  - read /srv/a\n  - write /srv/a\n" +
      "must-deny:\n  - read /srv/key\n  - syscall bpf\n",
  );
  const { status, out } = await caller.run(["test", "tool"]);
  expect(status).toBe(1);
  expect(unwrapped(out)).toContain(`tool: 2 of 4 cases fail (${file})`);
  expect(out).toContain(`\n${file}:3: must-allow\ntool: write /srv/a: denied: no grant names it\n`);
  expect(out).toContain("  allow files: - w /srv/a\n");
  expect(out).toContain(`\n${file}:5: must-deny\ntool: read /srv/key: granted\n`);
  expect(out).toContain(`  by    ${own}:2: r /srv/**\n`);
  const json = JSON.parse((await caller.run(["test", "tool", "--json"])).out);
  expect(json[0].cases.map(({ holds }: { holds: boolean }) => holds)).toEqual([
    true,
    false,
    false,
    true,
  ]);
  expect(json[0].cases[1]).toMatchObject({ case: "write /srv/a", line: 3, expected: "must-allow" });
});

test("a sealed domain must not reach it either; what is not on this host is named", async () => {
  const folder = join(caller.folder, "data");
  mkdirSync(folder);
  writeFileSync(join(folder, "there"), "");
  policy(`files: [r ${folder}/there ${folder}/absent]\n`);
  // A sealed domain is not asked about mappings.
  cases(`must-allow: [read ${folder}/absent]\nmust-deny: [map ${folder}/there]\n`);
  const { status, out } = await caller.run(["test", "tool"]);
  expect(status).toBe(1);
  expect(out).toContain("tool: 1 of 2 cases fails");
  expect(unwrapped(out)).toContain(
    `not reached by a sealed domain that starts on this host now: read ${folder}/absent`,
  );
});

test("names are written as in a policy", async () => {
  policy("mediation: supervised\nfiles: ['r /srv/my\\ file /srv/\\*']\n");
  cases("must-allow: ['read /srv/my\\ file', 'read /srv/\\*']\nmust-deny: [read /srv/my]\n");
  expect((await caller.run(["test", "tool"])).status).toBe(0);
});

test.each([
  ["must-deny: [raed /etc/shadow]", ":1:13", "did you mean `read`?"],
  ["must-deny: ['read /etc/*']", ":1:13", "`/etc/*` is not one name"],
  ["must-deny: [read]", ":1:13\nerror[CFD5001]", "exactly a path is needed"],
  ["must-deny: [capability x]", ":1:13", "`x` is not a capability"],
  ["must-dny: [read /a]", ":1:1", "did you mean `must-deny`?"],
  ["must-deny: read /a", ":1:12", "must be a list"],
  ["must-deny: [[read]]", ":1:13", "must be a list of texts"],
  ["must-deny: [read /a", ":2:", "close the bracket"],
  ["- read /a", ":1:1", "must be a mapping"],
])("%s is refused with its place", async (text, place, what) => {
  policy("files: [r /srv/**]\n");
  const file = cases(`${text}\n`);
  const { status, out, err } = await caller.run(["test", "tool"]);
  expect(status).toBe(3);
  expect(out).toBe("");
  expect(err).toContain(`${file}${place}`);
  expect(err).toContain("error[CFD");
  expect(unwrapped(err)).toContain(what);
});

test("cases that others may write are not relied upon", async () => {
  policy("files: [r /srv/**]\n");
  chmodSync(cases("must-deny: [read /etc/shadow]\n"), SHARED_FILE);
  const { status, err } = await caller.run(["test", "tool"]);
  expect(status).toBe(3);
  expect(err).toContain("CFD10");
});

test("without cases it is said where they would be", async () => {
  const file = policy("files: [r /srv/**]\n");
  const { status, err } = await caller.run(["test", "tool"]);
  expect(status).toBe(3);
  expect(unwrapped(err)).toContain(join(dirname(file), "cases/tool.yaml"));
  expect((await caller.run(["test", "--cases", "x.yaml"])).status).toBe(2);
});

test("a file that tests nothing does not hold", async () => {
  policy("files: [r /srv/**]\n");
  const file = cases("must-allow: []\nmust-deny: []\n");
  const { status, out, err } = await caller.run(["test", "tool"]);
  expect({ status, out }).toEqual({ status: 3, out: "" });
  expect(unwrapped(err)).toContain(`${file} has no case`);
});

test("a copy of a shipped policy is held against the shipped cases", async () => {
  write("memcached.yaml", "summary: a copy\nfiles: [r /etc/shadow]\n");
  const { status, out } = await caller.run(["test", "memcached"]);
  expect(status).toBe(1);
  expect(out).toContain("must-deny\nmemcached: read /etc/shadow: granted\n");
});
