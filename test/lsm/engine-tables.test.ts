/** The tables of what the engines hold, against the programs and the shipped policies. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { policyTable } from "../../src/compile/lsm/policy-table.ts";
import { load } from "../../src/host/load.ts";
import { hookGroups } from "../../src/kernel/bpf/lsm/hooks.ts";
import { differencesOf, engineDifferences } from "../../src/model/engines/differences.ts";
import { lsmHoldings, rulesWithHooks } from "../../src/model/engines/lsm-holdings.ts";
import type { Policy } from "../../src/model/policy.ts";
import { Caller } from "../cli/command-line.ts";
import { filesLike, root } from "../house/tree.ts";

const caller = new Caller();
const file = join(caller.folder, "web.yaml");
afterAll(() => caller.remove());

function policyOf(text: string): Policy {
  writeFileSync(file, text);
  const { policy, diagnostics } = load(caller.places, { file });
  if (policy === null) throw new Error(JSON.stringify(diagnostics));
  return policy;
}

test("every hook that a program holds is in the table, and no other", () => {
  const held = hookGroups.filter(({ use }) => use === "held").flatMap(({ hooks }) => hooks);
  const told = new Set(lsmHoldings.flatMap(({ hooks }) => hooks));
  expect([...told].sort()).toEqual([...held].sort());
});

test("every rule of the shipped policies has a hook, or a difference that says why not", () => {
  const shipped = filesLike([".yaml"], ["domains/"]).filter((name) => !name.includes("abstr"));
  const silent = shipped.flatMap((name) => {
    const { policy } = load(caller.places, { file: join(root, name) }, { instance: "one" });
    if (policy === null) return [];
    const told = new Set(
      differencesOf(policy).flatMap(({ lines }) => lines.map((one) => one.text)),
    );
    return rulesWithHooks(policy)
      .filter(({ text, hooks }) => hooks.length === 0 && !told.has(text))
      .map(({ text }) => `${basename(name)}: ${text}`);
  });
  expect(silent).toEqual([]);
});

test("every kind of rule has a hook, or a difference that says why not", () => {
  const policy = policyOf(`
files: [rwcdxmai /a/**, deny r /b]
network:
  - connect unix /run/s
  - listen unix /run/s
  - listen unix @s*
  - connect tcp 10.0.0.0/8:80
  - connect udp *
  - listen tcp 80
  - listen udp 53
  - netlink route
  - ping
  - raw icmp
  - packet
  - vsock
capabilities: [chown]
syscalls: ["@system-service", perf_event_open]
ipc: [shm, sem, msg, mqueue]
memory: [jit, memfd, dlopen]
inherit: [stdio, stdio-sockets, listen]
signals: [self, any]
`);
  const told = differencesOf(policy).flatMap(({ lines }) => lines.map((one) => one.text));
  const silent = rulesWithHooks(policy).filter(
    ({ text, hooks }) => hooks.length === 0 && !told.includes(text),
  );
  expect(silent).toEqual([]);
  const hooks = new Map(rulesWithHooks(policy).map((one) => [one.text, one.hooks]));
  expect(hooks.get("deny r /b")).toEqual(["file_open"]);
  expect(hooks.get("listen unix @s*")).toEqual(["socket_bind"]);
  expect(hooks.get("memory: memfd")).toEqual([]);
  expect(told).toContain("memory: memfd");
  expect(told).not.toContain("memory: jit");
});

test.each(engineDifferences)("$what: a test of that name shows it", ({ shownBy, attacks }) => {
  const [name, title] = shownBy ?? ["", ""];
  expect(readFileSync(join(root, name), "utf8")).toContain(title);
  for (const attack of attacks)
    expect(existsSync(join(root, `test/attacks/programs/${attack}.c`)), attack).toBe(true);
});

test("no attack is explained twice", () => {
  const named = engineDifferences.flatMap(({ attacks }) => attacks);
  expect(new Set(named).size).toBe(named.length);
});

test("a suite of the virtual machine that shows something is run there", () => {
  const runs = readFileSync(join(root, "test/vm/lsm.test.ts"), "utf8");
  const suites = readdirSync(join(root, "test/vm/guest")).filter((name) =>
    engineDifferences.some(({ shownBy }) => shownBy?.[0].endsWith(`/${name}`)),
  );
  expect(suites.length).toBeGreaterThan(3);
  for (const name of suites) expect(runs).toContain(`"${basename(name, ".ts")}"`);
});

test("mediation, late names and best effort mean nothing to the kernel's table", () => {
  const rules = "files: [r /a/**]\nnetwork: [connect tcp 80]\n";
  const tableOf = (more: string) => {
    const policy = policyOf(rules + more);
    return policyTable(policy.names, policy);
  };
  const more = [
    "mediation: supervised",
    "mediation: kernel",
    "late-names: brokered",
    "best-effort: [addresses]",
  ];
  for (const line of more) expect(tableOf(`${line}\n`)).toEqual(tableOf(""));
  expect(tableOf("capabilities: [chown]\n")).not.toEqual(tableOf(""));
});

test("plan: each rule with its hooks, and what is held otherwise, within 80 columns", async () => {
  policyOf(`enter:
  - { unit: web.service }
  - { unit: "web@.service" }
  - { exec: /usr/sbin/web }
level: enforcing
files: [r ${caller.folder}/a, r ${caller.folder}/b, w ${caller.folder}/c]
network: [listen udp 53]
inherit: [stdio]
`);
  const { status, out } = await caller.run(["plan", "--engine", "bpf-lsm", "--policy", file]);
  expect(status).toBe(0);
  expect(out.split("\n").filter((line) => line.length > 80 && line.includes(" "))).toEqual([]);
  const text = out.replaceAll(/\s+/g, " ");
  const at = caller.folder;
  expect(text).toMatch(/^domain web, level enforcing, engine bpf-lsm a table of \d+ KiB/);
  expect(text).toContain("unit web.service: whatever is executed in its control group");
  expect(text).toContain("unit web@.service: not in the kernel: it is a template;");
  expect(text).toContain(`r ${at}/a, r ${at}/b -> file_open `);
  expect(text).toContain(`w ${at}/c -> file_open path_truncate file_truncate`);
  expect(text).toContain("listen udp 53 -> socket_bind");
  expect(text).toContain("inherit: stdio: what a process has open when it enters");
  const json = await caller.run(["plan", "--engine", "bpf-lsm", "--json", "--policy", file]);
  expect(JSON.parse(json.out)).toMatchObject({
    ...{ domain: "web", engine: "bpf-lsm", level: "enforcing" },
    rules: expect.arrayContaining([{ rule: `r ${at}/a`, hooks: ["file_open"] }]),
  });
  rmSync(file);
});

test("plan: an engine that is none", async () => {
  const { status, err } = await caller.run(["plan", "--engine", "apparmor", "memcached"]);
  expect(status).toBe(2);
  expect(err).toContain("the engines are landlock and bpf-lsm");
});
