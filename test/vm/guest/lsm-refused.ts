/** On a kernel that cannot carry the engine: what the commands say, and that nothing is left. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { beforeAll, expect, test } from "vitest";
import { loadLsm } from "../../../src/kernel/bpf/lsm/load.ts";
import { nothingToFill, PINS } from "./lsm-arena.ts";

const COFFERDAM = path.join(import.meta.dirname, "../../../bin/cofferdam");
/** What Linux before 6.12 lacks first. */
const WHY = "the kernel gives programs no names (bpf_path_d_path); Linux has it since 6.12";

beforeAll(() => {
  for (const name of ["/etc", "/run", "/var/lib", "/var/log"])
    fs.mkdirSync(`${name}/cofferdam`, { recursive: true });
  fs.mkdirSync("/etc/cofferdam/domains", { recursive: true });
  fs.writeFileSync("/etc/cofferdam/domains/held.yaml", "summary: any\nlevel: enforcing\n");
});

/** Lines are folded at 80 columns. */
function cofferdam(...args: readonly string[]): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(COFFERDAM, args, { encoding: "utf8" });
  return { status, said: `${stdout}${stderr}`.replace(/\s+/g, " ") };
}

test("doctor says which part of the kernel is missing", () => {
  expect(cofferdam("doctor").said).toContain(WHY);
});

test("what needs the engine is refused for that reason, and nothing is attached", () => {
  for (const args of [
    ["settings", "set", "/UserVars/Engine", "bpf-lsm"],
    ["adopt", "held", String(process.pid)],
  ]) {
    const { status, said } = cofferdam(...args);
    expect(said, args.join(" ")).toContain(WHY);
    expect(status).not.toBe(0);
  }
  expect(fs.readdirSync("/sys/fs/bpf")).toEqual([]);
});

test("the programs themselves are refused, and nothing of them is left", () => {
  expect(() => loadLsm(PINS, nothingToFill)).toThrow(/the BPF object|program/);
  expect(fs.readdirSync("/sys/fs/bpf")).toEqual([]);
});

test("with `auto` the host goes by landlock", () => {
  expect(cofferdam("settings", "set", "/UserVars/Engine", "auto").status).toBe(0);
  expect(cofferdam("doctor").said).toMatch(/landlock/);
});
