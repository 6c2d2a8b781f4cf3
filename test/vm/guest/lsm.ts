/** Tests of the bpf-lsm engine for the virtual machine, whose stock kernel loads its programs. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as net from "node:net";
import { release } from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test, vi } from "vitest";
import { PUBLIC_PROGRAM } from "../../../src/base/modes.ts";
import { nothingBeside, policyTable } from "../../../src/compile/lsm/policy-table.ts";
import type { LsmEvent } from "../../../src/kernel/bpf/lsm/event-reader.ts";
import { wrongAbout } from "../../../src/kernel/bpf/lsm/hooks.ts";
import { lsmLimits } from "../../../src/kernel/bpf/lsm/layout.ts";
import { levels } from "../../../src/model/level.ts";
import { Permission } from "../../../src/model/permission.ts";
import { hookFunctions } from "../../lsm/kernel-hooks.ts";
import { ACT, CROWD, Lsm, MOVING, rules, TRY, Trying, word } from "./lsm-arena.ts";

const HERE = "/tmp/lsm";
/** Until a request is told again: REPEAT_NS of bpf/lsm/records.h. */
const REPEAT_MS = 2 ** 33 / 1_000_000;
const WAIT = { timeout: 60_000, interval: 50 };
let lsm: Lsm;
/** Far from the domains of other suites, of which the kernel keeps the counts. */
let last = 2_000;

beforeAll(() => {
  lsm = new Lsm();
});

/** A new folder, and the number of a domain of its own. */
function scene(...files: readonly string[]): { folder: string; domain: number } {
  Trying.endAll();
  const domain = ++last;
  const folder = `${HERE}/${domain}`;
  for (const name of files) {
    fs.mkdirSync(path.dirname(`${folder}/${name}`), { recursive: true });
    fs.writeFileSync(`${folder}/${name}`, "#!/nowhere\n", { mode: PUBLIC_PROGRAM });
  }
  return { folder, domain };
}

function inside(domain: number, program = TRY, args: readonly string[] = []): Trying {
  const trying = new Trying(program, args);
  expect(lsm.engine.labels.adopt(domain, () => [trying.pid]).length).toBeGreaterThan(0);
  return trying;
}

test("the kernel's hooks are those of the table (src/kernel/bpf/lsm/hooks.ts)", () => {
  expect(wrongAbout(release(), hookFunctions())).toEqual([]);
});

test("a process in a domain is held by its policy, one in none by nothing", async () => {
  const { folder, domain } = scene("given/f", "other/f");
  lsm.domain(domain, "enforcing", rules(`rw ${folder}/given/**`));
  const asked = ["read given/f", "write given/f", "read other/f", "make given/new"].map((line) =>
    line.replace(" ", ` ${folder}/`),
  );
  const trying = new Trying();
  expect(await trying.all(asked)).toEqual(["0", "0", "0", "0"]);
  fs.unlinkSync(`${folder}/given/new`);
  expect(lsm.engine.labels.domainOf(trying.pid)).toBe(0);
  lsm.engine.labels.adopt(domain, () => [trying.pid]);
  expect(lsm.engine.labels.domainOf(trying.pid)).toBe(domain);
  expect(await trying.all(asked)).toEqual(["0", "0", "EACCES", "EACCES"]);
  const known = { domain, process: trying.pid, kind: "name", level: "enforcing", denied: true };
  expect(lsm.events(domain)).toMatchObject([
    { ...known, name: `${folder}/other/f`, permissions: Permission.read, comm: "try", uid: 0 },
    { ...known, name: `${folder}/given/new`, permissions: Permission.create },
  ]);
  await trying.end();
});

test("a file that open(2) makes is opened by what its name is granted", async () => {
  const { folder, domain } = scene("f");
  const given = rules(`c ${folder}/made*`, `cw ${folder}/open*`, `w ${folder}/f ${folder}/none`);
  lsm.domain(domain, "enforcing", given);
  const trying = inside(domain);
  const make = (name: string) => trying.does(`make ${folder}/${name}`);
  // One after the other: no answer follows from that of another name.
  for (const turn of [1, 2]) {
    expect(await make(`open${turn}`)).toBe("0");
    expect(await make(`made${turn}`)).toBe("EACCES");
    expect(fs.existsSync(`${folder}/made${turn}`)).toBe(true);
    expect(await make("none")).toBe("EACCES");
    expect(await trying.does(`read ${folder}/open${turn}`)).toBe("EACCES");
  }
  expect(fs.existsSync(`${folder}/none`)).toBe(false);
  const lacked = (name: string, permissions: number) => ({
    name: `${folder}/${name}`,
    permissions,
  });
  expect(lsm.events(domain)).toMatchObject([
    ...[lacked("made1", Permission.write), lacked("none", Permission.create)],
    ...[lacked("open1", Permission.read), lacked("made2", Permission.write)],
    lacked("open2", Permission.read),
  ]);
  lsm.engine.setLevel(domain, "warning");
  expect(await make("made3")).toBe("0");
  expect(lsm.events(domain)).toMatchObject([lacked("made3", Permission.write)]);
  await trying.end();
});

test("a level is in force with the next request, in every direction", async () => {
  const { folder, domain } = scene("f");
  lsm.domain(domain, "enforcing", []);
  const trying = inside(domain);
  for (const from of levels)
    for (const to of levels) {
      lsm.engine.setLevel(domain, from);
      await trying.does(`read ${folder}/f`);
      lsm.events(domain);
      lsm.engine.setLevel(domain, to);
      // A name of its own, because each is told once.
      const name = `${folder}/${from}-${to}`;
      fs.writeFileSync(name, "");
      expect(await trying.does(`read ${name}`), `${from} to ${to}`).toBe(
        to === "enforcing" ? "EACCES" : "0",
      );
      const told = lsm.events(domain).filter((event) => event.name === name);
      expect(told).toMatchObject(
        to === "disabled" ? [] : [{ level: to, denied: to === "enforcing", name }],
      );
    }
  await trying.end();
});

test("a domain without a policy or a level is denied everything", async () => {
  const { folder, domain } = scene("f");
  const trying = inside(domain);
  expect(await trying.does(`read ${folder}/f`)).toBe("EACCES");
  lsm.domain(domain, "enforcing", rules(`r ${folder}/f`));
  expect(await trying.does(`read ${folder}/f`)).toBe("0");
  lsm.engine.removeDomain(domain);
  expect(await trying.does(`read ${folder}/f`)).toBe("EACCES");
  await trying.end();
});

test("children and threads stay in the domain, however they are made", async () => {
  const { folder, domain } = scene("f");
  lsm.domain(domain, "enforcing", rules(`rx ${TRY}`));
  const trying = inside(domain);
  for (const how of ["fork", "vfork", "thread", "double-fork", "setsid", "exec", "daemon"])
    expect(await trying.does(`${how} try read ${folder}/f`), how).toBe("EACCES");
  await trying.end();
});

test("a crowd of threads and forking processes is adopted whole", async () => {
  const { folder, domain } = scene("f");
  lsm.domain(domain, "enforcing", []);
  const crowd = new Trying(CROWD, [`${folder}/f`]);
  expect(await crowd.does("")).toMatch(/^[1-9]\d* 0$/);
  lsm.engine.labels.adopt(domain, () => crowd.family());
  // On a busy host some have opened before, and count it now.
  await crowd.does("");
  expect(await crowd.does("")).toMatch(/^0 [1-9]\d*$/);
  expect(lsm.engine.account(domain).denied).toBeGreaterThan(0n);
  await crowd.end();
});

test("who ends while it is led into a domain is no failure", async () => {
  const { domain } = scene();
  const parent = new Trying("/vm/busybox", ["sh", "-c", "sleep 1000 & echo $!; wait; read end"]);
  const child = Number(await parent.does(""));
  const ends = () => {
    process.kill(child, "SIGKILL");
    while (fs.existsSync(`/proc/${child}`));
    return true;
  };
  expect(lsm.engine.labels.announce(child, { domain, launched: "bare" }, ends)).toBe(false);
  expect(lsm.engine.labels.adopt(domain, () => [child])).toEqual([]);
  await parent.end();
});

test("a policy is replaced whole: no request meets half of one", async () => {
  const { folder, domain } = scene("f");
  const many = Array.from({ length: 300 }, (_, at) => `rw ${folder}/other${at}/*.log`);
  const tables = [rules(`r ${folder}/f`), rules(...many, `r ${folder}/**`)].map((names) =>
    policyTable(names, nothingBeside),
  );
  lsm.domain(domain, "enforcing", rules(`r ${folder}/f`));
  const crowd = inside(domain, CROWD, [`${folder}/f`]);
  lsm.engine.labels.adopt(domain, () => crowd.family());
  for (let turn = 0; turn < 60; turn++)
    lsm.engine.setPolicy(domain, tables[turn % 2] as Uint8Array);
  expect(await crowd.does("")).toMatch(/^[1-9]\d* 0$/);
  expect(lsm.engine.account(domain).denied).toBe(0n);
  await crowd.end();
});

test("an executable leads into its domain by its name, whatever file has it", async () => {
  const { folder, domain } = scene("new", "elsewhere/held");
  fs.copyFileSync(TRY, `${folder}/held`);
  fs.copyFileSync(TRY, `${folder}/elsewhere/held`);
  fs.symlinkSync(`${folder}/held`, `${folder}/link`);
  lsm.domain(domain, "enforcing", rules(`rx ${folder}/held`));
  lsm.engine.setExecutable(0, `${folder}/held`, domain);
  const entered = async (program: string) => {
    const trying = new Trying(program);
    // Its answer first: the parent goes on before the kernel has labelled the new program.
    const answer = await trying.does("read /etc/passwd");
    const found = lsm.engine.labels.domainOf(trying.pid);
    expect(answer).toBe(found === 0 ? "0" : "EACCES");
    await trying.end();
    return found;
  };
  expect(await entered(`${folder}/held`)).toBe(domain);
  expect(await entered(`${folder}/link`)).toBe(domain);
  expect(await entered(`${folder}/elsewhere/held`)).toBe(0);
  fs.copyFileSync(TRY, `${folder}/new`);
  fs.renameSync(`${folder}/new`, `${folder}/held`);
  expect(await entered(`${folder}/held`)).toBe(domain);
  lsm.engine.removeExecutable(0, `${folder}/held`);
  expect(await entered(`${folder}/held`)).toBe(0);
});

test("a transition is taken with AT_SECURE, an entry without", async () => {
  const { folder, domain } = scene("f", "g");
  const next = scene("f").domain;
  for (const name of ["first", "second"]) fs.copyFileSync(ACT, `${folder}/${name}`);
  lsm.domain(domain, "enforcing", rules(`rx ${folder}/first`, `rx ${folder}/second`));
  lsm.domain(next, "enforcing", []);
  lsm.engine.setExecutable(0, `${folder}/first`, domain);
  lsm.engine.setExecutable(domain, `${folder}/second`, next);
  const act = new Trying(`${folder}/first`);
  expect(await act.does("secure")).toBe("0");
  expect(await act.does(`execute ${folder}/f`)).toBe("EACCES");
  expect(lsm.engine.labels.domainOf(act.pid)).toBe(domain);
  act.becomes(`execute ${folder}/second`);
  expect(await act.does("secure")).toBe("1");
  expect(lsm.engine.labels.domainOf(act.pid)).toBe(next);
  await act.end();
});

test("no transition is taken under no_new_privs at enforcing", async () => {
  const { folder, domain } = scene("f");
  fs.copyFileSync(ACT, `${folder}/second`);
  lsm.domain(domain, "enforcing", rules(`rx ${folder}/second`));
  lsm.engine.setExecutable(domain, `${folder}/second`, domain + 1);
  const act = inside(domain, ACT);
  expect(await act.does("nnp")).toBe("0");
  expect(await act.does(`execute ${folder}/second`)).toBe("EPERM");
  expect(lsm.events(domain)).toMatchObject([{ kind: "transition", denied: true }]);
  expect(lsm.engine.labels.domainOf(act.pid)).toBe(domain);
  await act.end();
});

test("no object gains permissions by a new name", async () => {
  const { folder, domain } = scene("low/f", "low/g", "low/d/x", "high/keep", "high/e/y");
  lsm.domain(
    domain,
    "enforcing",
    rules(`rcd ${folder}/low/**`, `rwcd ${folder}/high/**`, `cd ${folder}/top/**`),
  );
  fs.mkdirSync(`${folder}/top`);
  const trying = inside(domain);
  const act = inside(domain, ACT);
  const move = (how: string, from: string, to: string) =>
    (how === "exchange" ? act : trying).does(`${how} ${folder}/${from} ${folder}/${to}`);
  expect(await move("rename", "low/f", "high/f")).toBe("EACCES");
  expect(await move("link", "low/f", "high/f")).toBe("EACCES");
  expect(await move("rename", "low/d", "high/d")).toBe("EACCES");
  expect(await move("exchange", "low/f", "high/keep")).toBe("EACCES");
  expect(await move("exchange", "high/keep", "low/f")).toBe("EACCES");
  expect(await move("link", "low/f", "low/f2")).toBe("0");
  expect(await move("rename", "low/f", "low/f3")).toBe("0");
  expect(await move("exchange", "low/g", "low/f3")).toBe("0");
  expect(await move("rename", "high/keep", "low/keep")).toBe("0");
  expect(await move("rename", "high/e", "low/e")).toBe("0");
  expect(lsm.events(domain).map(({ kind, name }) => `${kind} ${name}`)).toEqual(
    ["high/f", "high/d", "high/keep", "low/f"].map((name) => `gain ${folder}/${name}`),
  );
  await trying.end();
  await act.end();
});

test("names are the kernel's: links, `..`, replaced and late files, bind mounts", async () => {
  const { folder, domain } = scene("given/f", "other/f", "mount/hidden", "next");
  lsm.domain(domain, "enforcing", rules(`rcd ${folder}/given/**`, `r ${folder}/mount/f`));
  fs.symlinkSync(`${folder}/other/f`, `${folder}/given/link`);
  const trying = inside(domain);
  const act = inside(domain, ACT);
  const reads = (name: string) => trying.does(`read ${folder}/${name}`);
  expect(await reads("given/link")).toBe("EACCES");
  expect(await reads("given/../other/f")).toBe("EACCES");
  expect(await reads("given/../given/f")).toBe("0");
  expect(await trying.does(`read /proc/self/root${folder}/other/f`)).toBe("EACCES");
  expect(await act.does(`at ${folder}/other f`)).toBe("EACCES");
  expect(await act.does(`at ${folder}/given f`)).toBe("0");
  fs.renameSync(`${folder}/next`, `${folder}/given/f`);
  expect(await reads("given/f")).toBe("0");
  fs.writeFileSync(`${folder}/given/late`, "");
  expect(await reads("given/late")).toBe("0");
  expect(await act.does(`again ${folder}/given/late`)).toBe("0");
  execFileSync("/vm/busybox", ["mount", "--bind", `${folder}/other`, `${folder}/mount`]);
  expect(await reads("mount/f")).toBe("0");
  expect(await reads("other/f")).toBe("EACCES");
  // No longer reached from the root: what is opened below has no name.
  const open = new Trying("/vm/busybox", ["sh"]);
  await open.does(`cd ${folder}/mount && echo here`);
  execFileSync("/vm/busybox", ["umount", "-l", `${folder}/mount`]);
  lsm.engine.labels.adopt(domain, () => [open.pid]);
  await open.does("read line < f; echo done");
  expect(lsm.events(domain).at(-1)).toMatchObject({ nameState: "elsewhere", denied: true });
  for (const one of [trying, act, open]) await one.end();
});

test("a name means the same however long it is, and however deep", async () => {
  const lengths = [1, 7, 8, 9, 31, 32, 33, 39, 40, 41, 255].map((bytes) => "x".repeat(bytes));
  const depths = [20, 25, 26, 27, 28, 29, 30, 31, 60].map((depth) => `${"d/".repeat(depth)}x`);
  const long = [20, 25, 26, 27, 28].map((depth) => `${`${"l".repeat(32)}/`.repeat(depth)}x`);
  const given = [...lengths, ...depths, ...long];
  const others = given.map((name) => name.replace(/x$/, "y"));
  const { folder, domain } = scene(...given, ...others);
  lsm.domain(domain, "enforcing", rules(...given.map((name) => `r ${folder}/${name}`)));
  const trying = inside(domain);
  for (const name of given) expect(await trying.does(`read ${folder}/${name}`), name).toBe("0");
  for (const name of others) {
    expect(await trying.does(`read ${folder}/${name}`), name).toBe("EACCES");
    expect(lsm.events(domain)).toMatchObject([{ name: `${folder}/${name}`, denied: true }]);
  }
  await trying.end();
});

test("no name is put together of what was never there at one time", async () => {
  const { domain } = scene();
  // In memory, where moving is fast, and below a mount.
  const folder = `/dev/shm/lsm-${domain}`;
  for (const name of ["a/q", "b"]) fs.mkdirSync(`${folder}/${name}`, { recursive: true });
  fs.writeFileSync(`${folder}/a/q/f`, "");
  lsm.domain(domain, "enforcing", rules(`r ${folder}/a/p/**`, `r ${folder}/b/q/**`));
  const moving = new Trying(MOVING, [folder]);
  // Who moves is a process of its own by now, and stays outside.
  expect(await moving.does("1")).toBe("1");
  lsm.engine.labels.adopt(domain, () => [moving.pid]);
  expect(await moving.does("10000")).toBe("0");
  expect(lsm.engine.account(domain).denied).toBe(10_000n);
  const names = lsm.events(domain).map(({ name }) => name);
  expect(names.sort()).toEqual([`${folder}/a/q/f`, `${folder}/b/p/f`]);
  await moving.end();
  // Who moves is ended with it, a little later.
  fs.rmSync(folder, { recursive: true, maxRetries: 20 });
});

test("a file without a name is held as the directory's names are", async () => {
  const { folder, domain } = scene("given/f", "other/f");
  lsm.domain(domain, "enforcing", rules(`rw ${folder}/given/**`, `r ${folder}/other/**`));
  const act = inside(domain, ACT);
  expect(await act.does(`tmpfile ${folder}/given`)).toBe("0");
  expect(await act.does(`tmpfile ${folder}/other`)).toBe("EACCES");
  await act.end();
});

test("no domain changes what names mean", async () => {
  const { folder, domain } = scene("f");
  // The kernel asks about the capability first.
  const capabilities = [word("sys_chroot")];
  lsm.domain(domain, "enforcing", rules("r /**"), { capabilities });
  const trying = inside(domain);
  expect(await trying.does(`chroot ${folder}`)).toBe("EPERM");
  expect(lsm.events(domain)).toMatchObject([{ kind: "root", denied: true }]);
  const syscalls = [word("chroot")];
  lsm.domain(domain, "enforcing", rules("r /**"), { capabilities, syscalls });
  // It would pass for the host's root, whatever is mounted below that.
  const bound = `${folder}/bound`;
  fs.mkdirSync(bound);
  execFileSync("/vm/busybox", ["mount", "-o", "bind", "/", bound]);
  expect(await trying.does(`chroot ${bound}`)).toBe("EPERM");
  execFileSync("/vm/busybox", ["umount", bound]);
  await trying.end();
});

test("after chroot(2) names are the host's still", async () => {
  const { folder, domain } = scene(
    "jail/f",
    "jail/other",
    "jail/mount/f",
    "outside/f",
    "outside/g",
  );
  const jail = `${folder}/jail`;
  execFileSync("/vm/busybox", ["mount", "--bind", `${folder}/outside`, `${jail}/mount`]);
  const given = rules(
    ...[`rwcda ${jail}/f*`, `r ${jail}/mount/f`, "rwcda /f* /other", `connect ${jail}/granted`],
    ...[`listen ${jail}/served`, `connect ${folder}/outside/s`],
  );
  const capabilities = [word("sys_chroot")];
  lsm.domain(domain, "enforcing", given, { capabilities, syscalls: [word("chroot")] });
  const trying = inside(domain);
  expect(await trying.does(`chroot ${jail}`)).toBe("0");
  const servers = [`${jail}/granted`, `${jail}/held`, `${folder}/outside/s`].map((name) =>
    net.createServer().listen(name),
  );
  await Promise.all(servers.map((server) => once(server, "listening")));
  const answers = {
    "read /f": "0",
    "both /f": "0",
    "chmod /f": "0",
    "make /f1": "0",
    "rename /f1 /f2": "0",
    "link /f2 /f3": "0",
    "unlink /f3": "0",
    "read /mount/f": "0",
    "bind /served": "0",
    "connect /granted": "0",
    "connect /mount/s": "0",
    "read /other": "EACCES",
    "chmod /other": "EACCES",
    "make /new": "EACCES",
    "rename /f2 /other": "EACCES",
    "read /mount/g": "EACCES",
    "bind /late": "EACCES",
    "connect /held": "EACCES",
    "execute /f": "EACCES",
  };
  for (const [line, answer] of Object.entries(answers))
    expect(await trying.does(line), line).toBe(answer);
  expect(fs.existsSync(`${jail}/f2`)).toBe(true);
  expect(lsm.events(domain).map(({ name }) => name)).toContain(`${jail}/mount/g`);
  for (const server of servers) server.close();
  await trying.end();
  execFileSync("/vm/busybox", ["umount", `${jail}/mount`]);
});

test("only files granted for mapping become code", async () => {
  const { folder, domain } = scene("given", "other");
  lsm.domain(domain, "enforcing", rules(`rm ${folder}/given`, `r ${folder}/other`));
  const trying = inside(domain);
  const act = inside(domain, ACT);
  const tried = async () => [
    await trying.does(`map ${folder}/given`),
    await trying.does(`map ${folder}/other`),
    await trying.does("map-memory /"),
    await trying.does("writable-code /"),
    await act.does(`code ${folder}/given`),
  ];
  expect(await tried()).toEqual(["0", "EACCES", "EACCES", "EACCES", "EACCES"]);
  const names = rules(`rm ${folder}/given`, `r ${folder}/other`);
  lsm.domain(domain, "enforcing", names, { memory: [word("jit")] });
  expect(await tried()).toEqual(["0", "EACCES", "EACCES", "0", "0"]);
  lsm.domain(domain, "warning", names);
  expect(await tried()).toEqual(["0", "0", "0", "0", "0"]);
  await trying.end();
  await act.end();
});

test("Cofferdam's own objects are refused at every level", async () => {
  const { domain } = scene("f");
  fs.mkdirSync("/own");
  fs.writeFileSync("/own/f", "");
  for (const level of levels) {
    lsm.domain(domain, level, rules("rwcda /**"));
    const trying = inside(domain);
    const names = ["read /own/f", "make /own/new", "unlink /own/f", "rename /own /else"];
    const asked = [...names, "link /own/f /else"];
    expect(await trying.all(asked), level).toEqual(asked.map(() => "EACCES"));
    await trying.end();
  }
  expect(lsm.events(domain).every(({ own, denied }) => own !== 0 && denied)).toBe(true);
});

/** A domain that asks for much, and one beside it, whose events have been read so far. */
function floodScene() {
  const flood = scene("f").domain;
  const quiet = scene("f");
  for (const domain of [flood, quiet.domain]) lsm.domain(domain, "warning", []);
  const [flooding, other] = [inside(flood), inside(quiet.domain)];
  lsm.reader.take();
  return { flood, flooding, quiet, other };
}

test("one domain's flood is limited and counted, and hides no other's event", async () => {
  const { flood, flooding, quiet, other } = floodScene();
  const names = Array.from({ length: 600 }, (_, at) => `/nowhere${at}`);
  for (const name of names) flooding.ignores(`make /tmp${name}`);
  expect(await flooding.does("read /etc/passwd")).toBe("0");
  expect(await other.does(`read ${quiet.folder}/f`)).toBe("0");
  const events: LsmEvent[] = [];
  const toldOf = (of: number) => events.filter(({ domain }) => domain === of);
  const { warned, dropped, denied } = lsm.engine.account(flood);
  // A record that another task still writes ends a reading.
  await vi.waitFor(() => {
    events.push(...lsm.reader.take());
    expect(toldOf(quiet.domain)).toMatchObject([{ name: `${quiet.folder}/f`, denied: false }]);
    expect(BigInt(toldOf(flood).length) + dropped).toBe(warned);
  }, WAIT);
  const told = toldOf(flood);
  expect(denied).toBe(0n);
  const windows = new Map<bigint, number>();
  for (const { time } of told) windows.set(time >> 30n, (windows.get(time >> 30n) ?? 0) + 1);
  for (const count of windows.values())
    expect(count).toBeLessThanOrEqual(lsmLimits.eventsPerWindow);
  for (const one of [flooding, other]) await one.end();
});

test("nor by long names, though nobody reads meanwhile", async () => {
  const { flood, flooding, quiet, other } = floodScene();
  // More than the buffer holds.
  const deep = HERE + "/flood".padEnd(200, "x").repeat(15);
  fs.mkdirSync(deep, { recursive: true });
  for (let at = 0; at < 500; at++) flooding.ignores(`make ${deep}/${at}`);
  expect(await flooding.does("read /etc/passwd")).toBe("0");
  expect(await other.does(`read ${quiet.folder}/f`)).toBe("0");
  const events = lsm.reader.take();
  expect(events.filter(({ domain }) => domain === quiet.domain)).toHaveLength(1);
  const told = events.filter(({ domain }) => domain === flood);
  expect(told.length).toBeGreaterThan(5);
  const bytes = told.reduce((sum, { name }) => sum + name.length, 0);
  expect(bytes).toBeLessThanOrEqual(lsmLimits.unreadBytes);
  for (const one of [flooding, other]) await one.end();
});

test("a request is told once, and again with its count after a while or a change", async () => {
  const { folder, domain } = scene("f");
  lsm.domain(domain, "warning", []);
  const trying = inside(domain);
  const counts = async (times: number) => {
    for (let turn = 0; turn < times; turn++) await trying.does(`read ${folder}/f`);
    return lsm.events(domain).map(({ count }) => count);
  };
  expect(await counts(5)).toEqual([1]);
  await sleep(REPEAT_MS);
  expect(await counts(2)).toEqual([5]);
  expect(lsm.engine.account(domain).warned).toBe(7n);
  lsm.engine.setLevel(domain, "warning");
  expect(await counts(3)).toEqual([1]);
  await trying.end();
});
