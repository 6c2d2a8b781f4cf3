import { execFileSync, spawnSync } from "node:child_process";
import {
  chownSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import type { Server } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { freePort } from "../support/free-port.ts";
import { needsRoot, skipUnless } from "../support/skip.ts";
import { PrivateHost } from "../system/private-host.ts";
import { machineMissing } from "../vm/machine.ts";
import {
  BANNER,
  emulator,
  exchange,
  front,
  guestFiles,
  listening,
  Powered,
  portOf,
} from "./guest.ts";
import { Qmp } from "./qmp.ts";

/** A guest is emulated, beside other tests: one that takes longer hangs. Milliseconds. */
const TIMEOUT_MS = 600_000;
const NOBODY = 65_534;
const missing = process.getuid?.() === 0 ? machineMissing() : null;
let host: PrivateHost;
let line: readonly string[];
/** The same machine at another place. */
let elsewhere: readonly string[];
let one: Powered;
let again: Powered;
let two: Powered;
let to: Qmp;
let daemon: Server;
let forwarded = 0;
const on: Powered[] = [];

beforeEach((context) => {
  needsRoot(context);
  skipUnless(context, missing === null, missing ?? "");
});
beforeAll(async () => {
  if (process.getuid?.() !== 0 || missing !== null) return;
  host = await PrivateHost.start();
  const base = emulator(guestFiles(host.folder));
  await host.agent();
  [daemon, forwarded] = [await listening(), await freePort()];
  mine("parent.img", "parent".padEnd(1 << 20, "."));
  mine("forged.img", "forged");
  image("clone.qcow2", "parent.img");
  mine("serial.log", "");
  symlinkSync(host.at("serial.log"), host.at("link.log"));
  const described = (name: string, port: number) => [
    ...base,
    ...[
      "-drive",
      `file=${mine("one.img", "one".padEnd(1 << 20, "."))},format=raw,if=virtio,readonly=on`,
    ],
    ...["-drive", `file=${host.at("clone.qcow2")},format=qcow2,if=virtio`],
    ...["-chardev", `file,id=log,path=${host.at("link.log")},append=on`, "-serial", "chardev:log"],
    ...["-monitor", `unix:${host.at(`${name}-monitor.sock`)},server=on,wait=off`],
    ...["-nic", `user,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:${port}-:80`],
  ];
  [line, elsewhere] = [described("one", forwarded), described("two", await freePort())];
  chownSync(host.folder, NOBODY, NOBODY);
  one = power(line);
  await one.until(new RegExp(BANNER));
}, TIMEOUT_MS);
afterAll(async () => {
  for (const machine of on) await machine.off();
  daemon?.close();
  await host?.close();
}, TIMEOUT_MS);

function power(args: readonly string[]): Powered {
  const machine = Powered.run(host, "one", args);
  on.push(machine);
  return machine;
}

const qmpAt = (name: string) => ["-qmp", `unix:${host.at(`${name}.sock`)},server=on,wait=off`];

/** A file of the emulator's user. */
function mine(name: string, text: string): string {
  writeFileSync(host.at(name), text);
  chownSync(host.at(name), NOBODY, NOBODY);
  return host.at(name);
}

function image(name: string, parent: string, format = "raw"): void {
  const names = ["-u", "-F", format, "-b", host.at(parent), host.at(name), "64M"];
  execFileSync("qemu-img", ["create", "-q", "-f", "qcow2", ...names]);
  chownSync(host.at(name), NOBODY, NOBODY);
}

function vm(...args: readonly string[]): { status: number | null; text: string } {
  const [program = "", ...rest] = [...host.inside, front, "vm", ...args];
  const { status, stdout, stderr } = spawnSync(program, rest, {
    encoding: "utf8",
    cwd: host.folder,
  });
  // Messages are broken at eighty columns.
  return { status, text: (stdout + stderr).replaceAll(/\s+/g, " ").trim() };
}

/** Permissions by which the domain of the second machine grants a file. */
function granted(name: string): readonly string[] {
  const lines = readFileSync(host.at("run/machines/vm@two.yaml"), "utf8").split("\n");
  const rules = lines.map((line) => /^ *- "?(\w+) (\S+?)"?$/.exec(line) ?? []);
  return rules
    .flatMap(([, permissions = "", file]) => (file === host.at(name) ? [permissions] : []))
    .sort();
}

const told = (pattern: RegExp) =>
  host.events().filter(({ domain, object }) => domain === "vm@one" && pattern.test(object));

test("a guest boots to its serial banner and reads the described disk", async () => {
  expect(await one.ask("head -c 3 /dev/vda; echo")).toMatch(/^one\n/);
});

test("a linked clone reads its parent and leaves it as it is", async () => {
  expect(await one.ask("head -c 6 /dev/vdb; echo")).toMatch(/^parent\n/);
  expect(await one.ask("printf child. | dd of=/dev/vdb conv=notrunc,fsync 2>/dev/null")).toMatch(
    /status 0/,
  );
  expect(await one.ask("head -c 6 /dev/vdb; echo")).toMatch(/^child\.\n/);
  expect(readFileSync(host.at("parent.img"), "latin1").slice(0, 6)).toBe("parent");
});

test("while it is on, its domain has a number and shows what it may reach", () => {
  expect(JSON.parse(host.cofferdam("vm", "list", "--json"))).toMatchObject([
    { name: "one", user: "nobody", number: expect.any(Number) },
  ]);
  expect(host.cofferdam("domain", "list", "--json")).toContain("vm@one");
  const shown = host.cofferdam("vm", "show", "one");
  expect(shown).toContain(`image (qcow2, read-write) ${host.at("clone.qcow2")}`);
  expect(shown).toContain(`parent raw ${host.at("parent.img")}`);
  expect(shown).toContain(`file (log) ${host.at("serial.log")}`);
  expect(vm("run", "one", "--", ...line)).toMatchObject({
    status: 1,
    text: expect.stringContaining("machine one is on"),
  });
});

test("the network reaches it by the forwarded port; it cannot reach the host", async () => {
  await one.ask("ifconfig eth0 10.0.2.15 up; route add default gw 10.0.2.2");
  await one.ask("{ echo guest | nc -l -p 80 & }; sleep 1");
  expect(await exchange({ port: forwarded, host: "127.0.0.1" }, "\n", /guest/)).toBe("guest\n");
  expect(await one.ask(`nc -w 3 10.0.2.2 ${portOf(daemon)} < /dev/null`)).not.toContain("hello");
  // Events are written soon after what they tell of.
  await vi.waitUntil(() => told(/127\.0\.0\.1/).length > 0, { timeout: TIMEOUT_MS });
});

test("a link that leads elsewhere is followed after a refresh, while it runs", async () => {
  mine("other.log", "");
  rmSync(host.at("link.log"));
  symlinkSync(host.at("other.log"), host.at("link.log"));
  const before = readFileSync(host.at("run/machines/vm@one.yaml"), "utf8");
  expect(before).not.toContain("other.log");
  expect(vm("refresh", "one")).toEqual({
    status: 0,
    text:
      `${host.at("link.log")} leads to ${host.at("other.log")}, and led to ` +
      `${host.at("serial.log")}`,
  });
  expect(host.cofferdam("domain", "show", "vm@one")).toContain("other.log");
});

test("a header that the machine wrote is no reason for a grant at a refresh", () => {
  const image = host.at("clone.qcow2");
  const rename = (from: string, to: string): void => {
    const at = readFileSync(image).indexOf(host.at(from));
    expect(at).toBeGreaterThan(0);
    const fd = openSync(image, "r+");
    writeSync(fd, host.at(to), at);
    closeSync(fd);
  };
  rename("parent.img", "forged.img");
  expect(vm("refresh", "one")).toMatchObject({
    status: 1,
    text: expect.stringContaining("it stands on"),
  });
  expect(readFileSync(host.at("run/machines/vm@one.yaml"), "utf8")).not.toContain("forged.img");
  rename("forged.img", "parent.img");
  expect(vm("refresh", "one")).toEqual({ status: 0, text: "" });
});

test("nothing is accepted while it is on", () => {
  expect(vm("accept", "one", "--", ...line)).toMatchObject({
    status: 1,
    text: expect.stringContaining("machine one is on"),
  });
});

test("its state is saved into its disk, and the next start continues from it", {
  timeout: TIMEOUT_MS,
}, async () => {
  await one.ask("kept=here");
  const said = await exchange(
    { path: host.at("one-monitor.sock") },
    "savevm first\ninfo snapshots\n",
    /--\s+first|Error/,
  );
  expect(said).not.toContain("Error");
  expect(await one.off()).toBe(0);
  again = power([...line, "-loadvm", "first", ...qmpAt("again")]);
  expect(await again.ask("echo $kept")).toMatch(/^here\n/);
});

test("it migrates while its guest works, to the destination that was named and no other", {
  timeout: TIMEOUT_MS,
}, async () => {
  two = Powered.run(host, "two", [...elsewhere, "-incoming", "defer", ...qmpAt("two")]);
  on.push(two);
  const from = await Qmp.connect(host.at("again.sock"));
  to = await Qmp.connect(host.at("two.sock"));
  const port = String(await freePort());
  const uri = `tcp:127.0.0.1:${port}`;
  const shown = (): string => host.cofferdam("domain", "show", "vm@one");
  const policy = (name: string): string =>
    readFileSync(host.at(`run/machines/vm@${name}.yaml`), "utf8");
  const statusOf = async (machine: Qmp): Promise<string> =>
    (await machine.ask("query-migrate")).return.status;

  await again.ask("{ while :; do n=$((n+1)); echo $n > /count; sleep 0.1; done & } 2>/dev/null");
  expect((await from.ask("migrate", { uri: "exec:cat" })).error.desc).toMatch(
    /^cofferdam: .*`exec:`.*use tcp:HOST:PORT/,
  );
  // Past the proxy, to where nothing was granted.
  await from.ask("human-monitor-command", {
    "command-line": `migrate -d tcp:127.0.0.1:${portOf(daemon)}`,
  });
  await vi.waitUntil(async () => (await statusOf(from)) === "failed", { timeout: TIMEOUT_MS });
  expect(told(new RegExp(String(portOf(daemon))))).not.toEqual([]);

  const able = (capability: string) => ({ capabilities: [{ capability, state: true }] });
  expect((await to.ask("migrate-set-capabilities", able("postcopy-ram"))).error.desc).toMatch(
    /[Uu]serfaultfd/,
  );
  // Several connections to one place.
  for (const side of [from, to])
    expect(await side.ask("migrate-set-capabilities", able("multifd"))).toEqual({ return: {} });
  expect(await to.ask("migrate-incoming", { uri })).toEqual({ return: {} });
  expect(policy("two")).toContain(`listen tcp 127.0.0.1:${port}`);
  const addr = { transport: "socket", type: "inet", host: "127.0.0.1", port };
  expect(await from.ask("migrate", { channels: [{ "channel-type": "main", addr }] })).toEqual({
    return: {},
  });
  expect(shown()).toContain(`connect tcp 127.0.0.1:${port}`);
  await vi.waitUntil(async () => (await statusOf(to)) === "completed", { timeout: TIMEOUT_MS });
  expect(policy("two")).not.toContain(port);
  // No client asks for the progress of this one.
  await vi.waitUntil(() => !policy("one").includes(port), { timeout: TIMEOUT_MS });
  expect(shown()).not.toContain(port);
  expect(await statusOf(from)).toBe("completed");

  expect(await two.ask("echo $kept")).toMatch(/^here\n/);
  const counted = Number.parseInt(await two.ask("cat /count"), 10);
  await vi.waitUntil(async () => Number.parseInt(await two.ask("cat /count"), 10) > counted, {
    timeout: TIMEOUT_MS,
  });
  expect(await again.off()).toBe(0);
  expect(await two.ask("head -c 6 /dev/vdb; echo")).toMatch(/^child\.\n/);
});

test("snapshots while it works: no failed or ended job keeps a grant", {
  timeout: TIMEOUT_MS,
}, async () => {
  const snapshot = (file: string, device = "virtio1") => ({
    device,
    format: "qcow2",
    "snapshot-file": host.at(file),
  });
  expect(
    await to.ask("blockdev-snapshot-sync", snapshot("refused.qcow2", "nobody")),
  ).toHaveProperty("error");
  expect(granted("refused.qcow2")).toEqual([]);
  expect(await to.ask("blockdev-snapshot-sync", snapshot("first.qcow2"))).toEqual({ return: {} });
  expect([granted("first.qcow2"), granted("clone.qcow2")]).toEqual([["rw"], ["r"]]);
  expect(await two.ask("printf later. | dd of=/dev/vdb conv=notrunc,fsync 2>/dev/null")).toMatch(
    /status 0/,
  );
  const actions = [{ type: "blockdev-snapshot-sync", data: snapshot("second.qcow2") }];
  expect(await to.ask("transaction", { actions })).toEqual({ return: {} });
  expect([granted("second.qcow2"), granted("first.qcow2")]).toEqual([["rw"], ["r"]]);

  const copy = {
    device: "virtio1",
    "job-id": "copy",
    sync: "full",
    target: host.at("copy.img"),
    format: "raw",
  };
  expect(await to.ask("drive-backup", copy)).toEqual({ return: {} });
  await vi.waitUntil(() => granted("copy.img").length === 0, { timeout: TIMEOUT_MS });
  expect(readFileSync(host.at("copy.img"), "latin1").slice(0, 6)).toBe("later.");
  // Down again, by one: what the guest wrote since is in the parent then.
  expect(await two.ask("printf lowest | dd of=/dev/vdb conv=notrunc,fsync 2>/dev/null")).toMatch(
    /status 0/,
  );
  const commit = { device: "virtio1", "job-id": "down", base: host.at("first.qcow2") };
  expect(
    (await to.ask("block-commit", { ...commit, base: host.at("one.img") })).error.desc,
  ).toMatch(/is not a parent of an image of this machine/);
  expect(await to.ask("block-commit", commit)).toEqual({ return: {} });
  expect(granted("first.qcow2")).toEqual(["r", "rw"]);
  const complete = async (job: string): Promise<void> => {
    const isReady = async () => "return" in (await to.ask("block-job-complete", { device: job }));
    await vi.waitUntil(isReady, { timeout: TIMEOUT_MS });
    await vi.waitUntil(async () => (await to.ask("query-jobs")).return.length === 0, {
      timeout: TIMEOUT_MS,
    });
  };
  await complete("down");
  expect(await two.ask("head -c 6 /dev/vdb; echo")).toMatch(/^lowest\n/);
  image("over.qcow2", "first.qcow2", "qcow2");
  const file = { driver: "file", filename: host.at("over.qcow2") };
  expect(
    await to.ask("blockdev-add", { driver: "qcow2", "node-name": "over", backing: null, file }),
  ).toEqual({
    return: {},
  });
  expect(await to.ask("blockdev-snapshot", { node: "virtio1", overlay: "over" })).toEqual({
    return: {},
  });
  expect([granted("over.qcow2"), granted("first.qcow2")]).toEqual([["rw"], ["r"]]);
  expect(await to.ask("blockdev-snapshot-sync", snapshot("third.qcow2"))).toEqual({ return: {} });
  const mirror = { ...copy, "job-id": "move", target: host.at("moved.img") };
  expect(await to.ask("drive-mirror", mirror)).toEqual({ return: {} });
  await complete("move");
  expect(await two.ask("printf moved. | dd of=/dev/vdb conv=notrunc,fsync 2>/dev/null")).toMatch(
    /status 0/,
  );
  expect(readFileSync(host.at("moved.img"), "latin1").slice(0, 6)).toBe("moved.");
  expect(granted("moved.img")).toEqual(["rw"]);
  expect(await two.off()).toBe(0);
});

test("the next start knows what a snapshot stands on, and believes no other parent", {
  timeout: TIMEOUT_MS,
}, async () => {
  const later = elsewhere.map((word) => word.replace("clone.qcow2", "third.qcow2"));
  execFileSync("qemu-img", [
    "rebase",
    "-u",
    "-F",
    "raw",
    "-b",
    "/etc/shadow",
    host.at("third.qcow2"),
  ]);
  const { status, text } = vm("run", "--user", "nobody", "two", "--", ...later);
  expect(status).toBe(1);
  expect(text).toContain(
    `says that it stands on /etc/shadow (raw), and stood on ${host.at("over.qcow2")} (qcow2), ` +
      `${host.at("first.qcow2")} (qcow2), ${host.at("clone.qcow2")} (qcow2)`,
  );
  execFileSync("qemu-img", [
    "rebase",
    "-u",
    "-F",
    "qcow2",
    "-b",
    host.at("over.qcow2"),
    host.at("third.qcow2"),
  ]);
  two = Powered.run(host, "two", [...later, "-S", ...qmpAt("later")]);
  on.push(two);
  const qmp = await Qmp.connect(host.at("later.sock"));
  const { return: disks } = await qmp.ask("query-block");
  const depths = disks.map(
    (disk: { inserted: { backing_file_depth: number } }) => disk.inserted.backing_file_depth,
  );
  expect(depths).toContain(4);
  qmp.close();
  expect(await two.off()).toBe(0);
});

test("nothing of its domain is left when it is off", () => {
  expect(vm("list").text).toBe("");
  expect(existsSync(host.at("run/machines/vm@one.yaml"))).toBe(false);
  expect(readdirSync(host.at("machines"))).toEqual([]);
  expect(host.cofferdam("domain", "list", "--json")).not.toContain("vm@one");
});

test("an image that names another parent than before keeps it off until that is accepted", () => {
  const names = ["rebase", "-u", "-F", "raw", "-b", "/etc/shadow", host.at("clone.qcow2")];
  execFileSync("qemu-img", names);
  const refused = vm("run", "--user", "nobody", "one", "--", ...line);
  expect(refused.status).toBe(1);
  expect(refused.text).toContain(
    `says that it stands on /etc/shadow (raw), and stood on ${host.at("parent.img")} (raw)`,
  );
  expect(refused.text).toContain("cofferdam vm accept one");
  execFileSync("qemu-img", [
    "rebase",
    "-u",
    "-F",
    "raw",
    "-b",
    host.at("serial.log"),
    host.at("clone.qcow2"),
  ]);
  expect(vm("accept", "one", "--", ...line)).toMatchObject({
    status: 0,
    text: expect.stringContaining("serial.log (raw)"),
  });
});

test("what no rule can describe stops the start with its place", () => {
  const { status, text } = vm(
    "run",
    "two",
    "--",
    "qemu-system-x86_64",
    "-nodefaults",
    "-hda",
    "disk.img",
  );
  expect(status).toBe(2);
  expect(text).toContain("argument 2, `-hda`: not allowed in a domain");
  expect(text).toContain("format=raw");
});
