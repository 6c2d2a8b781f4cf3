import * as fs from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PUBLIC_PROGRAM } from "../../src/base/modes.ts";
import { needsRoot } from "../support/skip.ts";
import { mayRaise } from "./core-limit.ts";
import { Domain } from "./domain.ts";

const PATTERN_FILE = "/proc/sys/kernel/core_pattern";
const isRoot = process.getuid?.() === 0;

const scene = new Domain();
const before = fs.readFileSync(PATTERN_FILE, "utf8");
const helper = scene.at("helper");

beforeAll(() => {
  fs.writeFileSync(helper, `#!/bin/sh\ncat > ${scene.folder}/crash-of-$1\n`, {
    mode: PUBLIC_PROGRAM,
  });
  if (isRoot) fs.writeFileSync(PATTERN_FILE, `|${helper} %P`);
});
afterAll(() => {
  if (isRoot) fs.writeFileSync(PATTERN_FILE, before);
  scene.close();
});

/**
 * Whether the kernel starts the program of core_pattern at a crash with this limit, in a domain
 * that was started with the limit `before`. Other processes on the host may crash, too.
 */
async function startsHelper(rest: string, limit: string, before = "unlimited"): Promise<boolean> {
  scene.writePolicy({ files: ["r /proc/**", "rx /usr/**"], rest });
  const crash = ["prlimit", `--core=${limit}`, "sh", "-c", "echo $$; kill -ABRT $$"];
  const { out } = scene.run(crash, { wrap: ["prlimit", `--core=${before}`] });
  // The kernel starts the program of a later crash, too, before it is known that it started none.
  const later = scene.outside(["sh", "-c", "echo $$; kill -ABRT $$"]);
  await expect.poll(() => isHelped(later.out), { message: "the later crash" }).toBe(true);
  return isHelped(out);
}

function isHelped(printed: string): boolean {
  return fs.existsSync(scene.at(`crash-of-${printed.trim()}`));
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
