import * as fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { needsRoot } from "../support/skip.ts";
import { mayRaise } from "./core-limit.ts";
import { Domain } from "./domain.ts";

const PATTERN_FILE = "/proc/sys/kernel/core_pattern";
/** Until the kernel has started a program of its own, in milliseconds. */
const HELPER_MS = 1_000;
const isRoot = process.getuid?.() === 0;

const scene = new Domain();
const before = fs.readFileSync(PATTERN_FILE, "utf8");
const helper = scene.at("helper");

beforeAll(() => {
  fs.writeFileSync(helper, `#!/bin/sh\ncat > ${scene.folder}/crash-of-$1\n`, { mode: 0o755 });
  if (isRoot) fs.writeFileSync(PATTERN_FILE, `|${helper} %P`);
});
afterAll(() => {
  if (isRoot) fs.writeFileSync(PATTERN_FILE, before);
  scene.close();
});

/**
 * Whether the kernel starts the program of core_pattern at a crash with this limit, in a domain that
 * was started with the limit `before`. Others on the host may crash, too.
 */
async function startsHelper(rest: string, limit: string, before = "unlimited"): Promise<boolean> {
  scene.writePolicy({ files: ["r /proc/**", "rx /usr/**"], rest });
  const crash = ["prlimit", `--core=${limit}`, "sh", "-c", "echo $$; kill -ABRT $$"];
  const { out } = scene.run(crash, { wrap: ["prlimit", `--core=${before}`] });
  return isHelped(out.trim());
}

async function isHelped(pid: string): Promise<boolean> {
  await sleep(HELPER_MS);
  return fs.existsSync(scene.at(`crash-of-${pid}`));
}

test.for(["", "mediation: supervised\n"])(
  "a crash starts no program of a core_pattern with a pipe, at a limit of 0 either: %j",
  async (mediation, context) => {
    needsRoot(context);
    expect(await startsHelper(`${mediation}core-dumps: allowed\n`, "0:0"), "allowed").toBe(true);
    for (const limit of ["0:0", "unlimited"])
      expect(await startsHelper(mediation, limit), limit).toBe(false);
    if (mayRaise()) expect(await startsHelper(mediation, "0", "0:0"), "from 0").toBe(false);
  },
);
