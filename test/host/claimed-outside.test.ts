import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { executableOf } from "../../src/domains/proc-stat.ts";
import { listProcesses } from "../../src/domains/processes.ts";
import { claimedOutside, notHeldOutside } from "../../src/host/claimed-outside.ts";
import { writeEngineSetting } from "../../src/host/engine.ts";
import type { Places } from "../../src/host/places.ts";
import { scratchPlaces } from "../agent/scratch-places.ts";
import { root } from "../house/tree.ts";
import { scratchFolder } from "../support/scratch.ts";

let folder: string;
let host: Places;
beforeEach(() => {
  folder = scratchFolder("claimed");
  host = scratchPlaces(folder, root);
  mkdirSync(join(folder, "domains"), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

const all = () =>
  listProcesses({ runs: [], levelOf: () => null, threads: false, details: false }).map((one) => ({
    ...one,
    confinement: "superDom" as const,
  }));

test.each(["plain", "worker@"])("the domain %s claims what its `enter` names", (name) => {
  const program = executableOf(process.pid) ?? "";
  const text = `summary: a test\nenter: [{ exec: ${program} }]\ninclude: [base]\n`;
  writeFileSync(join(folder, "domains", `${name}.yaml`), text);
  const own = { pid: process.pid, domain: name, by: program };
  expect(claimedOutside(host, all())).toContainEqual(expect.objectContaining(own));
  expect(claimedOutside(host, all(), name)).toContainEqual(expect.objectContaining(own));
  expect(claimedOutside(host, all(), "another")).toEqual([]);
});

test("a container's process is not claimed, though its program has the claimed name", async () => {
  const program = "/usr/bin/sleep";
  const text = `summary: a test\nenter: [{ exec: ${program} }]\ninclude: [base]\n`;
  writeFileSync(join(folder, "domains", "sleeper.yaml"), text);
  const namespaces = ["--user", "--map-root-user", "--pid", "--fork", "--kill-child"];
  const contained = spawn("unshare", [...namespaces, program, "1000"], { stdio: "ignore" });
  const plain = spawn(program, ["1000"], { stdio: "ignore" });
  onTestFinished(() => {
    for (const child of [contained, plain]) child.kill("SIGKILL");
  });
  const childOf = (pid = 0) =>
    Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim());
  await vi.waitFor(() => expect(executableOf(childOf(contained.pid))).toBe(program));
  await vi.waitFor(() => expect(executableOf(plain.pid ?? 0)).toBe(program));
  const pids = claimedOutside(host, all()).map(({ pid }) => pid);
  expect(pids).toContain(plain.pid);
  expect(pids).not.toContain(childOf(contained.pid));
});

test("what only the kernel's engine holds is claimed on its hosts alone", () => {
  const program = executableOf(process.pid) ?? "";
  const text = `mediation: kernel\nenter: [{ exec: ${program} }]\ninclude: [base]\n`;
  writeFileSync(join(folder, "domains", "alone.yaml"), text);
  const own = expect.objectContaining({ pid: process.pid, domain: "alone" });
  expect(claimedOutside(host, all())).toEqual([]);
  expect(notHeldOutside(host, all())).toContainEqual(own);
  writeEngineSetting(host, "bpf-lsm");
  expect(claimedOutside(host, all())).toContainEqual(own);
  expect(notHeldOutside(host, all())).toEqual([]);
});
