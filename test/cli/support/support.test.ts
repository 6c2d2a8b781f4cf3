import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  GROUP_FILE,
  PERMISSION_BITS,
  PRIVATE_FILE,
  PUBLIC_FOLDER,
  SHARED_FOLDER,
} from "../../../src/base/modes.ts";
import type { Manifest } from "../../../src/cli/support/bundle.ts";
import { bundleOf } from "../../../src/cli/support/bundle.ts";
import { collect } from "../../../src/cli/support/collect.ts";
import { newestEvents } from "../../../src/cli/support/events-part.ts";
import { scratchPlaces } from "../../agent/scratch-places.ts";
import { root } from "../../house/tree.ts";
import { Domain, front } from "../../properties/domain.ts";
import { users } from "../../properties/users.ts";
import { scratchFolder } from "../../support/scratch.ts";
import { needsRoot } from "../../support/skip.ts";

const SECRET = "hUnter2";
const HOSTILE = "\u001b]0;owned\u0007\u009b2J";

describe.each(users)("for $who", ({ uid }) => {
  let scene: Domain;
  let folder: string;
  let written: { readonly file: string; readonly manifest: Manifest };
  let unpacked: string;

  beforeAll(async () => {
    scene = new Domain(uid);
    scene.writePolicy({ files: ["rx /usr/bin/dash /usr/bin/cat"] });
    folder = join(scene.home, "bundles");
    mkdirSync(folder);
    chmodSync(folder, SHARED_FOLDER);
    // A daemon whose words have a secret and what a terminal would obey.
    const words = [
      "/bin/sh",
      "-c",
      "echo; exec cat",
      HOSTILE,
      `--password=${SECRET}`,
      `TOKEN=${SECRET}`,
    ];
    const become =
      uid === process.getuid?.()
        ? []
        : ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
    const [program = "", ...args] = [
      ...become,
      front,
      "run",
      "--policy",
      scene.policy,
      "--",
      "/bin/sh",
      "-c",
      "echo; cat",
      ...words,
    ];
    const env = { PATH: process.env.PATH, HOME: scene.home };
    const child = spawn(program, args, { env, cwd: "/", stdio: ["pipe", "pipe", "inherit"] });
    await once(child.stdout, "data");
    const { status, out, err } = scene.cofferdam(["support", "-w", folder, "--json"]);
    if (status !== 0) throw new Error(err);
    written = JSON.parse(out);
    spawnSync("tar", ["xzf", written.file, "-C", folder]);
    unpacked = join(folder, written.manifest.bundle);
    const closed = once(child, "close");
    child.stdin.end();
    await closed;
  });
  afterAll(() => scene.close());

  const read = (name: string): string => readFileSync(join(unpacked, name), "utf8");

  test("the bundle is its owner's only; its manifest names each file with its digest", () => {
    const { mode, uid: owner } = statSync(written.file);
    expect([mode & PERMISSION_BITS, owner]).toEqual([PRIVATE_FILE, uid]);
    const manifest = JSON.parse(read("manifest.json")) as Manifest;
    expect(manifest).toEqual(written.manifest);
    const inside = readdirSync(unpacked, { recursive: true, withFileTypes: true }).filter((one) =>
      one.isFile(),
    );
    expect(inside).toHaveLength(manifest.files.length + 1);
    for (const { name, sha256, bytes } of manifest.files) {
      const sum = spawnSync("sha256sum", [join(unpacked, name)], { encoding: "utf8" }).stdout.split(
        " ",
      )[0];
      expect({ name, sum, bytes }).toEqual({
        name,
        sum: sha256,
        bytes: Buffer.byteLength(read(name)),
      });
    }
  });

  test("it has what helps, and says what could not be had", () => {
    const { files, missing } = written.manifest;
    const names = [...files, ...missing].map(({ name }) => name);
    for (const name of ["doctor", "status", "domain-list", "ps", "secpolicytools_-d"])
      expect(names).toContain(`commands/${name}.txt`);
    expect(names).toEqual(
      expect.arrayContaining(["events/events.jsonl", "host/versions.txt", "host/kernel.txt"]),
    );
    expect(names).toContain("policies/shipped/nginx.yaml");
    expect(read("commands/doctor.txt")).toContain("landlock-files");
    expect(read("commands/secpolicytools_-d.txt")).toContain("Domain Name: nginxDom");
    expect(read("host/kernel.txt")).toContain("Linux version");
    for (const { source, why } of missing)
      expect([source, why].every((text) => text.length > 5)).toBe(true);
  });

  test("a secret in a process's words is removed; nothing there can drive a terminal", () => {
    const ps = read("commands/ps.txt");
    expect(ps).toContain("--password=[redacted] TOKEN=[redacted]");
    expect(ps).toContain("\\u{1b}]0;owned\\u{7}\\u{9b}2J");
    for (const { name } of written.manifest.files) {
      expect(read(name)).not.toContain(SECRET);
      if (name.startsWith("commands/"))
        expect(read(name).replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
    }
    expect(
      written.manifest.files.find(({ name }) => name === "commands/ps.txt")?.redacted,
    ).toBeGreaterThanOrEqual(2);
  });

  test("what has the name already is neither followed nor replaced", () => {
    const target = scene.at("home/target");
    scene.write("home/target", "untouched");
    const trap = join(folder, "trap");
    mkdirSync(trap);
    chmodSync(trap, SHARED_FOLDER);
    const now = Date.now();
    for (let second = 0; second < 120; second++) {
      const time = new Date(now + second * 1_000).toISOString().replaceAll(/[-:]|\.\d+/g, "");
      symlinkSync(target, join(trap, `cofferdam-support-${hostname()}-${time}.tgz`));
    }
    const { status, err } = scene.cofferdam(["support", "-w", trap]);
    expect({ status, err }).toEqual({
      status: 3,
      err: expect.stringContaining("is there already"),
    });
    expect(readFileSync(target, "utf8")).toBe("untouched");
    expect(readdirSync(trap)).toHaveLength(120);
  });

  test("a folder that cannot be written is refused with what to do", () => {
    for (const where of ["/proc", "/nowhere"]) {
      const { status, err } = scene.cofferdam(["support", "-w", where]);
      expect({ where, status, err }).toEqual({
        where,
        status: 3,
        err: expect.stringMatching(/help: .*folder/s),
      });
    }
  });

  test("for people it says where the bundle is, and what it lacks", () => {
    // Names go by the second, in which another test may have made one.
    const own = join(folder, "for-people");
    mkdirSync(own);
    chmodSync(own, SHARED_FOLDER);
    const { status, out, err } = scene.cofferdam(["support"], { wrap: ["env", "-C", own] });
    expect(status, err).toBe(0);
    expect(out).toMatch(new RegExp(`^${own}/cofferdam-support-\\S+\\.tgz\\n`));
    for (const line of out.split("\n").slice(1)) expect(line.length).toBeLessThanOrEqual(80);
  });
});

test("on a full disk nothing is left of it", (context) => {
  needsRoot(context);
  const folder = scratchFolder("full");
  const script =
    'mount -t tmpfs -o size=16k none "$1" && "$2" support -w "$1"; echo "status $?"; ls "$1"';
  const { stdout, stderr } = spawnSync("unshare", ["-m", "sh", "-c", script, "sh", folder, front], {
    encoding: "utf8",
  });
  rmSync(folder, { recursive: true });
  expect(stdout).toBe("status 3\n");
  expect(stderr).toContain("there is no room for the bundle here; nothing is left of it");
});

test("500 domains, with secrets in policies and a pipe in place of one", async () => {
  const folder = scratchFolder("many");
  const places = scratchPlaces(folder, root);
  const domains = join(folder, "domains");
  mkdirSync(domains);
  for (let at = 0; at < 500; at++)
    writeFileSync(
      join(domains, `d${at}.yaml`),
      `variables:\n  db_password: ${SECRET}\nfiles: [r /srv/**]`,
    );
  writeFileSync(join(domains, "long.yaml"), "# comment\n".repeat(30_000));
  spawnSync("mkfifo", [join(domains, "pipe.yaml")]);
  writeFileSync(join(domains, "a b\u001b.yaml"), "");
  const none = (): void => undefined;
  const collected = await collect({ places, out: none, err: none, width: 80, color: false });
  rmSync(folder, { recursive: true });
  const own = collected.files.filter(({ name }) => name.startsWith("policies/own/"));
  expect(own).toHaveLength(501);
  expect(own.find(({ name }) => name.endsWith("long.yaml"))?.note).toBe("the first 262144 bytes");
  expect(own.slice(0, 500).every(({ text }) => text.includes("db_password: [redacted]"))).toBe(
    true,
  );
  expect(collected.missing).toContainEqual(
    expect.objectContaining({ name: "policies/own/pipe.yaml" }),
  );
  expect(
    collected.files
      .find(({ name }) => name.endsWith("_-d.txt"))
      ?.text.match(/^Domain Name: d\d+Dom/gm),
  ).toHaveLength(500);
  expect(bundleOf(collected, new Date()).archive.length).toBeGreaterThan(10_000);
});

test("of a long event log the newest 8 MiB are in it, whole lines over several files", async () => {
  const folder = scratchFolder("log");
  const places = scratchPlaces(folder, root);
  mkdirSync(join(folder, "log"), { mode: PUBLIC_FOLDER });
  const line = (number: number) =>
    `${JSON.stringify({ number, object: `--token=${SECRET}`, fill: "x".repeat(900) })}\n`;
  const lines = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, at) => line(from + at)).join("");
  writeFileSync(`${places.events}.1`, lines(0, 6_000), { mode: GROUP_FILE });
  writeFileSync(places.events, `${lines(6_000, 10_000)}{"torn": "--token=${SECRET}`, {
    mode: GROUP_FILE,
  });
  const none = (): void => undefined;
  const { text, note } = newestEvents({ places, out: none, err: none, width: 80, color: false });
  rmSync(folder, { recursive: true });
  const numbers = text
    .trimEnd()
    .split("\n")
    .map((one) => JSON.parse(one).number);
  expect(text.length).toBeLessThanOrEqual(8 * 1024 ** 2);
  expect(text.length).toBeGreaterThan(8 * 1024 ** 2 - 2_000);
  expect(numbers.at(-1)).toBe(9_999);
  expect(numbers).toEqual(numbers.map((_, at) => numbers[0] + at));
  expect(note).toMatch(/^the newest 8388608 of \d+ bytes$/);
});
