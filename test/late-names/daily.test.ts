import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { PUBLIC_PROGRAM } from "../../src/base/modes.ts";
import { ownView } from "../../src/mediate/domain/view.ts";
import { processesThatHold } from "../properties/confining-processes.ts";
import type { Conversation } from "../properties/domain.ts";
import { users } from "../properties/users.ts";
import { needsRoot } from "../support/skip.ts";
import { LateScene } from "./scene.ts";

let scene: LateScene;
let inside: Conversation | null = null;
afterEach(async () => {
  await inside?.end();
  inside = null;
  scene.close();
});

async function started(grants: readonly string[]): Promise<Conversation> {
  scene.grant(grants);
  inside = scene.start();
  expect(await inside.ask("read /dev/null")).toBe("0");
  return inside;
}

async function answers(to: Conversation, lines: readonly string[]): Promise<string[]> {
  const said: string[] = [];
  for (const line of lines)
    said.push(`${line.replaceAll(`${scene.tree}/`, "")}: ${await to.ask(line)}`);
  return said;
}

describe.each(users)("in a domain of $who", ({ uid }) => {
  test("a log is rotated, a pid file read back, a file replaced", async () => {
    scene = new LateScene(uid);
    const { tree } = scene;
    for (const name of ["app.log", "resolv.conf"]) scene.makeFile(`${tree}/${name}`);
    fs.symlinkSync("resolv.conf", `${tree}/link`);
    const daemon = await started(["rw @/app.log", "rwcd @/app.pid", "r @/resolv.conf @/link"]);
    fs.renameSync(`${tree}/app.log`, `${tree}/app.log.1`);
    scene.makeFile(`${tree}/app.log`, "");
    scene.replace(`${tree}/resolv.conf`);
    expect(await daemon.ask(`read ${tree}/link`)).toBe("0");
    // Where it led at the start is what the policy grants.
    scene.makeFile(`${tree}/elsewhere`);
    fs.rmSync(`${tree}/link`);
    fs.symlinkSync("elsewhere", `${tree}/link`);
    expect(await daemon.ask(`read ${tree}/link`)).toBe("EACCES");
    const asked = [
      ...["append app.log", "truncate app.log", "make app.pid", "read app.pid", "unlink app.pid"],
      ...["read app.pid", "read resolv.conf", "write resolv.conf", "truncate resolv.conf"],
    ].map((line) => line.replace(" ", ` ${tree}/`));
    expect(await answers(daemon, asked)).toEqual([
      "append app.log: 0",
      "truncate app.log: 0",
      "make app.pid: 0",
      "read app.pid: 0",
      "unlink app.pid: 0",
      "read app.pid: ENOENT",
      "read resolv.conf: 0",
      "write resolv.conf: EACCES",
      "truncate resolv.conf: EACCES",
    ]);
  });

  test("names are made and removed in a directory that was replaced", async () => {
    scene = new LateScene(uid);
    const { tree } = scene;
    scene.makeFolder(`${tree}/cache`);
    const daemon = await started(["rwcd @/cache/**"]);
    fs.renameSync(`${tree}/cache`, `${tree}/old`);
    scene.makeFolder(`${tree}/cache`);
    const cache = `${tree}/cache`;
    const asked = [
      ...[`make ${cache}/a`, `mkdir ${cache}/d`, `rename ${cache}/a ${cache}/d/b`],
      ...[`read ${cache}/d/b`, `link ${cache}/d/b ${cache}/c`, `unlink ${cache}/c`],
      ...[`symlink ${cache}/s x`, `rename ${cache}/d/b ${tree}/out`, `unlink ${cache}/d/b`],
    ];
    expect((await answers(daemon, asked)).map((said) => said.split(": ")[1])).toEqual([
      ...["0", "0", "0", "0", "0", "0", "0", "EACCES", "0"],
    ]);
  });

  test("brokered-blocking: an open with O_NONBLOCK is the kernel's, others are not", async () => {
    scene = new LateScene(uid);
    const { tree } = scene;
    scene.makeFile(`${tree}/early.conf`);
    scene.grant(["r @/*.conf"], "brokered-blocking");
    inside = scene.start();
    expect(await inside.ask("read /dev/null")).toBe("0");
    scene.makeFile(`${tree}/late.conf`);
    // `read` opens with O_NONBLOCK.
    const asked = ["blocking late", "read late", "read early"].map((line) =>
      line.replace(/ (.*)/, ` ${tree}/$1.conf`),
    );
    expect(await answers(inside, asked)).toEqual([
      "blocking late.conf: 0",
      "read late.conf: EACCES",
      "read early.conf: 0",
    ]);
  });

  test("late devices, pipes and programs stay refused", async () => {
    scene = new LateScene(uid);
    const { tree } = scene;
    const daemon = await started(["rwi @/late/*", "rx @/late/program"]);
    scene.makeFolder(`${tree}/late`);
    execFileSync("mkfifo", ["-m", "666", `${tree}/late/pipe`]);
    fs.copyFileSync(scene.try, `${tree}/late/program`);
    fs.chmodSync(`${tree}/late/program`, PUBLIC_PROGRAM);
    scene.makeFile(`${tree}/late/file`);
    const asked = ["both file", "both pipe", "execute program", "read program"];
    const isRoot = process.getuid?.() === 0;
    if (isRoot) {
      execFileSync("mknod", ["-m", "666", `${tree}/late/null`, "c", "1", "3"]);
      asked.push("both null");
    }
    const said = await answers(
      daemon,
      asked.map((line) => line.replace(" ", ` ${tree}/late/`)),
    );
    expect(said.map((line) => line.replace("late/", ""))).toEqual([
      "both file: 0",
      "both pipe: EACCES",
      "execute program: EACCES",
      "read program: 0",
      ...(isRoot ? ["both null: EACCES"] : []),
    ]);
  });
});

test("no open depends on a mediator's life; without a holder every open fails", async (context) => {
  needsRoot(context);
  scene = new LateScene();
  const { tree } = scene;
  scene.makeFile(`${tree}/early.conf`);
  const daemon = await started(["r @/*.conf"]);
  scene.makeFile(`${tree}/late.conf`);
  scene.makeFile(`${tree}/other`);
  const pid = daemon.process.pid ?? 0;
  const asked = ["early.conf", "late.conf", "other"].map((name) => `read ${tree}/${name}`);
  const whole = ["read early.conf: 0", "read late.conf: 0", "read other: EACCES"];
  expect(await answers(daemon, asked)).toEqual(whole);
  for (const mediator of processesThatHold(pid).mediator) process.kill(mediator, "SIGKILL");
  expect(await answers(daemon, asked)).toEqual(whole);
  const { holder, mediator } = processesThatHold(pid);
  expect(holder).toHaveLength(1);
  for (const one of [...holder, ...mediator]) process.kill(one, "SIGKILL");
  await expect.poll(() => processesThatHold(pid)).toEqual({ holder: [], mediator: [] });
  expect(await answers(daemon, asked)).toEqual(
    ["early.conf", "late.conf", "other"].map((name) => `read ${name}: ENOSYS`),
  );
});

test("a process with another root opens late names there", async (context) => {
  needsRoot(context);
  scene = new LateScene();
  const jail = `${scene.tree}/jail`;
  scene.grant(["r @/jail/dev/*"], "brokered", "capabilities: [sys_chroot]\n", ", chroot");
  for (const name of [jail, `${jail}/dev`]) scene.makeFolder(name);
  inside = scene.start();
  expect(await inside.ask("read /dev/null")).toBe("0");
  scene.makeFile(`${jail}/dev/null`);
  expect(await inside.ask(`chroot ${jail}`)).toBe("0");
  expect(await inside.ask("read /dev/null")).toBe("0");
  expect(await inside.ask("write /dev/null")).toBe("EACCES");
});

test("a late file behind which is the kernel is not opened by O_CREAT either", async (context) => {
  needsRoot(context);
  scene = new LateScene();
  const { tree } = scene;
  const queues = `${tree}/queues`;
  scene.makeFolder(queues);
  execFileSync("mount", ["-t", "mqueue", "none", queues]);
  const late = `${queues}/cofferdam-${process.pid}`;
  try {
    const daemon = await started(["rwc @/queues/*", "rwc @/*.log"]);
    for (const name of [late, `${tree}/late.log`]) fs.writeFileSync(name, "");
    expect(await daemon.ask(`append ${tree}/late.log`)).toBe("0");
    expect(await daemon.ask(`append ${late}`)).toBe("EACCES");
  } finally {
    fs.rmSync(late, { force: true });
    execFileSync("umount", ["--lazy", queues]);
  }
});

test("no file whose content the kernel makes is opened for a domain", () => {
  scene = new LateScene();
  const view = ownView(true);
  const mountOf = (name: string) => {
    const fd = fs.openSync(name, "r");
    const text = fs.readFileSync(`/proc/self/fdinfo/${fd}`, "latin1");
    fs.closeSync(fd);
    return Number(/^mnt_id:\s*(\d+)/m.exec(text)?.[1]);
  };
  const stores = (name: string) => view.mounts.stores(mountOf(name));
  expect([scene.tree, "/proc", "/sys"].map(stores)).toEqual([true, false, false]);
  view.close();
});
