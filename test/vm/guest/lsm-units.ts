/** Entry by the control group that a process is in; systemd itself is in test/vm/debian. */
import * as fs from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { adoptRunning } from "../../../src/agent/adopt-running.ts";
import { STAYS_OUTSIDE } from "../../../src/kernel/bpf/lsm/layout.ts";
import { ACT, Lsm, rules, Trying } from "./lsm-arena.ts";

const [FIRST, SECOND] = [60, 61];
const mount = "/sys/fs/cgroup";
const slice = "/lsm.slice/lsm-deep.slice";
const group = `${slice}/daemon.service`;
/** Two programs that answer, so that one of them may be told apart by its name. */
const STARTER = "/tmp/lsm-starter";
let lsm: Lsm;
let moved: Trying[] = [];

const groups = [`${group}/below`, group, `${slice}/other.service`, slice, "/lsm.slice"];

beforeAll(() => {
  lsm = new Lsm();
  for (const one of groups) fs.mkdirSync(mount + one, { recursive: true });
  fs.copyFileSync(ACT, STARTER);
  for (const domain of [FIRST, SECOND]) lsm.domain(domain, "enforcing", rules("rx /**"));
});

afterAll(async () => {
  for (const one of moved) await one.end();
  lsm.engine.setUnits(new Map());
  lsm.engine.removeExecutable(0, STARTER);
  for (const one of groups) fs.rmdirSync(mount + one);
});

/** Its domain after it was put into the group and has executed this. */
async function entered(at: string, program = ACT): Promise<number | null> {
  const one = new Trying(ACT);
  moved.push(one);
  fs.writeFileSync(`${mount}${at}/cgroup.procs`, String(one.pid));
  expect(lsm.engine.labels.domainOf(one.pid)).toBe(0);
  one.becomes(`execute ${program}`);
  await one.does("secure");
  return lsm.engine.labels.domainOf(one.pid);
}

test("what is executed in a unit's control group, or below, is in its domain", async () => {
  expect(await entered(group)).toBe(0);
  lsm.engine.setUnits(new Map([[group, FIRST]]));
  for (const at of [group, `${group}/below`]) expect(await entered(at)).toBe(FIRST);
  for (const at of [`${slice}/other.service`, slice]) expect(await entered(at)).toBe(0);
});

test("a changed table counts for groups that were looked up before", async () => {
  lsm.engine.setUnits(new Map([[group, SECOND]]));
  expect(await entered(group)).toBe(SECOND);
  lsm.engine.setUnits(new Map([[`${slice}/other.service`, SECOND]]));
  expect(await entered(group)).toBe(0);
  expect(await entered(`${slice}/other.service`)).toBe(SECOND);
  expect([...lsm.engine.units()]).toEqual([[`${slice}/other.service`, SECOND]]);
});

test("a group that is made anew under the same name leads into the domain again", async () => {
  lsm.engine.setUnits(new Map([[group, FIRST]]));
  expect(await entered(group)).toBe(FIRST);
  for (const one of moved) await one.end();
  moved = [];
  for (const one of [`${group}/below`, group]) fs.rmdirSync(mount + one);
  for (const one of [group, `${group}/below`]) fs.mkdirSync(mount + one);
  expect(await entered(group)).toBe(FIRST);
});

test("a rule on the file goes before the unit: into another domain, or none", async () => {
  lsm.engine.setExecutable(0, STARTER, SECOND);
  expect(await entered(group, STARTER)).toBe(SECOND);
  lsm.engine.setExecutable(0, STARTER, STAYS_OUTSIDE);
  expect(await entered(group, STARTER)).toBe(0);
  expect(await entered(group)).toBe(FIRST);
});

test("a name that only ends or begins like a unit's is none", async () => {
  const near = `${slice}/daemon.service-x`;
  fs.mkdirSync(`${mount}${near}`);
  expect(await entered(near)).toBe(0);
  await moved.at(-1)?.end();
  moved.pop();
  fs.rmdirSync(mount + near);
});

const KNOWN = "/tmp/lsm-known";
const otherRoot = `set -e
at=/tmp/lsm-other-root
/vm/busybox mkdir -p $at
/vm/busybox mount -t tmpfs none $at
/vm/busybox mkdir -p $at/tmp $at/old
/vm/busybox cp ${KNOWN} $at/tmp
cd $at
/vm/busybox pivot_root . old
exec ${KNOWN}`;

test("what began before the entries is adopted into the domain that it would enter", async () => {
  fs.copyFileSync(ACT, KNOWN);
  lsm.engine.setUnits(new Map());
  const running: Trying[] = [];
  const start = (program: string, at?: string) => {
    const one = new Trying(program);
    running.push(one);
    if (at !== undefined) fs.writeFileSync(`${mount}${at}/cgroup.procs`, String(one.pid));
    return one;
  };
  const contained = new Trying("/vm/busybox", [
    "unshare",
    "-m",
    "/vm/busybox",
    "sh",
    "-c",
    otherRoot,
  ]);
  running.push(contained);
  // It answers when it has executed the program.
  expect(await contained.does("secure")).toBe("0");
  expect(fs.readlinkSync(`/proc/${contained.pid}/exe`)).toBe(KNOWN);
  const inUnit = [start(ACT, group), start(ACT, `${group}/below`)];
  const known = [start(KNOWN), start(KNOWN, group)];
  const others = [start(STARTER, group), start(ACT, slice), start(ACT), contained];
  lsm.engine.setExecutable(0, STARTER, STAYS_OUTSIDE);
  lsm.engine.setExecutable(0, KNOWN, SECOND);
  lsm.engine.setUnits(new Map([[group, FIRST]]));
  expect(adoptRunning(lsm.engine)).toEqual(
    new Map([
      [SECOND, 2],
      [FIRST, 2],
    ]),
  );
  const domains = (of: readonly Trying[]) => of.map(({ pid }) => lsm.engine.labels.domainOf(pid));
  expect(domains(inUnit)).toEqual([FIRST, FIRST]);
  expect(domains(known)).toEqual([SECOND, SECOND]);
  expect(domains(others)).toEqual([0, 0, 0, 0]);
  expect(lsm.engine.labels.domainOf(process.pid)).toBe(0);
  expect(lsm.engine.labels.domainOf(1)).toBe(0);
  // What is in a domain stays there.
  lsm.engine.setUnits(new Map([[group, SECOND]]));
  expect(adoptRunning(lsm.engine)).toEqual(new Map());
  lsm.engine.removeExecutable(0, KNOWN);
  for (const one of running) await one.end();
});

test("a path that the kernel would not find is refused", () => {
  expect(() => lsm.engine.setUnits(new Map([[`/${"x".repeat(130)}.service`, FIRST]]))).toThrow(
    /too long/,
  );
});
