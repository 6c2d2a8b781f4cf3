import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Complaints } from "../../src/agent/complaints.ts";
import { FolderWatch } from "../../src/agent/folder-watch.ts";
import { scratchFolder } from "../support/scratch.ts";

let refused: string | null = null;
let watchers: { emit(event: "error", error: Error): boolean }[] = [];
vi.mock("node:fs", async (original) => {
  const real = await original<typeof import("node:fs")>();
  const watch = (...args: Parameters<typeof real.watch>) => {
    if (refused !== null) throw Object.assign(new Error(`${refused}: watch`), { code: refused });
    const watcher = real.watch(...args);
    watchers.push(watcher);
    return watcher;
  };
  return { ...real, watch };
});

let folder: string;
let stops: (() => void)[];
let messages: string[];
let changes: number;
beforeEach(() => {
  folder = scratchFolder("watch");
  [stops, messages, changes, refused, watchers] = [[], [], 0, null, []];
});
afterEach(() => {
  for (const stop of stops) stop();
  refused = null;
  rmSync(folder, { recursive: true, force: true });
});

function watching(): FolderWatch {
  const one = new FolderWatch(
    folder,
    () => {
      changes += 1;
    },
    (text) => messages.push(text),
  );
  stops.push(() => one.stop());
  one.start();
  return one;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

test.each(["ENOSPC", "EMFILE"])(
  "where no watch is to be had (%s) the folder is polled, said once, until one is",
  async (code) => {
    refused = code;
    const one = watching();
    await until(() => changes >= 3);
    one.lookAgain();
    one.lookAgain();
    expect(messages).toEqual([expect.stringContaining(`cannot be watched (${code}`)]);
    refused = null;
    one.lookAgain();
    expect(messages.at(-1)).toContain("is watched again");
    const before = changes;
    writeFileSync(join(folder, "name"), "");
    await until(() => changes > before);
  },
);

test("an error of an existing watch does not end the agent", async () => {
  watching();
  watchers[0]?.emit("error", new Error("EIO: watch"));
  await until(() => changes >= 3);
  expect(messages).toEqual([expect.stringContaining("EIO")]);
});

test("a folder that is removed is polled, one that takes its place is watched", async () => {
  const one = watching();
  rmSync(folder, { recursive: true });
  one.lookAgain();
  expect(messages).toEqual([expect.stringContaining("ENOENT")]);
  await until(() => changes >= 3);
  mkdirSync(folder);
  one.lookAgain();
  expect(messages.at(-1)).toContain("is watched again");
  renameSync(folder, `${folder}.old`);
  mkdirSync(folder);
  one.lookAgain();
  rmSync(`${folder}.old`, { recursive: true });
  const before = changes;
  writeFileSync(join(folder, "name"), "");
  await until(() => changes > before);
});

test("a trouble that lasts is said once, and again when it has changed or come back", () => {
  const complaints = new Complaints((text) => messages.push(text));
  const fail = (code: string, message: string) =>
    complaints.try("it cannot be written", () => {
      throw Object.assign(new Error(message), { code });
    });
  for (let i = 0; i < 100; i++) expect(fail("ENOSPC", `scratch${i}`)).toBe(false);
  expect(messages).toEqual(["it cannot be written: scratch0"]);
  fail("EIO", "disk");
  expect(complaints.try("it cannot be written", () => undefined)).toBe(true);
  fail("EIO", "disk");
  expect(messages).toHaveLength(3);
});
