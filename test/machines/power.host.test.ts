import { chownSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { needsRoot, skipUnless } from "../support/skip.ts";
import { PrivateHost } from "../system/private-host.ts";
import { machineMissing } from "../vm/machine.ts";
import { BANNER, emulator, guestFiles, Powered } from "./guest.ts";

const TIMEOUT_MS = 240_000;
const NOBODY = 65_534;
const missing = process.getuid?.() === 0 ? machineMissing() : null;
let host: PrivateHost;
let base: readonly string[];
const on: Powered[] = [];

beforeEach((context) => {
  needsRoot(context);
  skipUnless(context, missing === null, missing ?? "");
});
beforeAll(async () => {
  if (process.getuid?.() !== 0 || missing !== null) return;
  host = await PrivateHost.start();
  base = emulator(guestFiles(host.folder));
  await host.agent();
}, TIMEOUT_MS);
afterAll(async () => {
  for (const machine of on) await machine.off();
  await host?.close();
}, TIMEOUT_MS);

/** A disk of the emulator's user whose first bytes say whose it is. */
function disk(name: string): string {
  const file = host.at(`${name}.img`);
  writeFileSync(file, name.padEnd(1 << 20, "."));
  chownSync(file, NOBODY, NOBODY);
  return file;
}

test("a guest boots to its serial banner in a domain that is there while it is on, and its disks are what it names", {
  timeout: TIMEOUT_MS,
}, async () => {
  const drive = ["-drive", `file=${disk("one")},format=raw,if=virtio`];
  const log = ["-D", host.at("one.log"), "-pidfile", host.at("one.pid")];
  writeFileSync(host.at("one.log"), "");
  chownSync(host.at("one.log"), NOBODY, NOBODY);
  const one = Powered.run(host, "one", [...base, ...drive, ...log.slice(0, 2)]);
  await one.until(new RegExp(BANNER));
  expect(await one.ask("head -c 3 /dev/vda; echo")).toMatch(/^one\n/);
  expect(await one.ask("printf two | dd of=/dev/vda conv=notrunc,fsync 2>/dev/null")).toMatch(/status 0/);
  expect(readFileSync(host.at("one.img"), "latin1").slice(0, 3)).toBe("two");

  const list = JSON.parse(host.cofferdam("vm", "list", "--json"));
  expect(list).toMatchObject([{ name: "one", user: "nobody", number: expect.any(Number) }]);
  const domains = JSON.parse(host.cofferdam("domain", "list", "--json"));
  expect(JSON.stringify(domains)).toContain("vm@one");
  expect(host.cofferdam("vm", "show", "one")).toContain(`image (raw, read-write) ${host.at("one.img")}`);
  expect(readdirSync(host.at("run/machines"))).toContain("vm@one.yaml");

  expect(await one.off()).toBe(0);
  expect(JSON.parse(host.cofferdam("vm", "list", "--json"))).toEqual([]);
  expect(existsSync(host.at("run/machines/vm@one.yaml"))).toBe(false);
  expect(readdirSync(host.at("machines"))).toEqual([]);
  const after = JSON.stringify(JSON.parse(host.cofferdam("domain", "list", "--json")));
  expect(after).not.toContain("vm@one");
});
