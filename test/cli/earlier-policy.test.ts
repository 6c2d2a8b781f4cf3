import { type ChildProcess, spawn } from "node:child_process";
import { readlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { root } from "../house/tree.ts";
import { needsRoot } from "../support/skip.ts";
import { PrivateHost } from "../system/private-host.ts";

const front = join(root, "bin/cofferdam");
const START_MS = 60_000;
let host: PrivateHost;
const children: ChildProcess[] = [];
beforeEach(async (context) => {
  needsRoot(context);
  host = await PrivateHost.start();
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await host?.close();
});

const before = `summary: a test
mediation: sealed
include: [base]
files: [rx /usr/bin/sleep]
inherit: [stdio]
syscalls: ["@system-service"]
`;
const after = before.replace("files: [", "files: [r /etc/hostname, ");

async function sleeper(...options: string[]): Promise<number> {
  const words = ["run", ...options, "edited", "--", "/usr/bin/sleep", "900"];
  const [nsenter = "", ...args] = [...host.inside, front, ...words];
  const child = spawn(nsenter, args, { stdio: "ignore", cwd: "/" });
  children.push(child);
  const program = () => readlinkSync(`/proc/${child.pid}/exe`);
  await vi.waitFor(() => expect(program()).toMatch(/bin\/sleep$/), { timeout: START_MS });
  return child.pid ?? 0;
}

/** Processes that each of them says keep an earlier policy. */
async function told() {
  const shown = JSON.parse(host.cofferdam("ps", "--json", "edited"));
  const { domains } = await host.ask("POST", "/domains/edited/reload");
  const pids = (rows: readonly { pid: number; keepsEarlierPolicy?: boolean }[]) =>
    rows.filter(({ keepsEarlierPolicy }) => keepsEarlierPolicy).map(({ pid }) => pid);
  return {
    ps: pids(shown),
    status: pids(JSON.parse(host.cofferdam("status", "--json")).runs),
    reload: domains[0].restart.map(({ pid }: { pid: number }) => pid),
  };
}

test("a run started after the edit has the new policy, the earlier run keeps its own", async () => {
  host.policy("edited", before);
  await host.agent();
  const old = await sleeper();
  expect(await told()).toEqual({ ps: [], status: [], reload: [] });
  host.policy("edited", after);
  const young = await sleeper();
  expect(await told()).toEqual({ ps: [old], status: [old], reload: [old] });
  expect(host.cofferdam("domain", "reload")).toContain(`process ${old} (`);
  const shown = host.cofferdam("ps", "edited");
  expect(shown).toMatch(new RegExp(`^ *${old} .*, earlier policy`, "m"));
  expect(shown).not.toMatch(new RegExp(`^ *${young} .*earlier`, "m"));
  expect(host.cofferdam("status")).toContain(
    `edited: process ${old} keeps an earlier policy than its file has`,
  );
  host.policy("edited", `# written anew\n${before}`);
  expect(await told()).toEqual({ ps: [young], status: [young], reload: [young] });
});

test("a run with values of its own is not compared with the file", async () => {
  const text = before.replace("include", "vars: { name: hosts }\ninclude");
  host.policy("edited", text.replace("files: [", `files: ["r /etc/\${name}", `));
  await host.agent();
  await sleeper("--set", "name=hostname");
  expect(await told()).toEqual({ ps: [], status: [], reload: [] });
});
