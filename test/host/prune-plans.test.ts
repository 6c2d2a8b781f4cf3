import { readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PRIVATE_FILE } from "../../src/base/modes.ts";
import { prunePlans } from "../../src/host/prune-plans.ts";
import { prepareFile } from "../../src/kernel/replace-file.ts";
import { scratchFolder } from "../support/scratch.ts";

const SECONDS_PER_DAY = 86_400;

test("what a killed compiler left half written goes, what one is writing stays", () => {
  const folder = scratchFolder("prune");
  try {
    prepareFile(folder, new Uint8Array(1), PRIVATE_FILE);
    const left = readdirSync(folder)[0] ?? "";
    const yesterday = Date.now() / 1_000 - SECONDS_PER_DAY;
    utimesSync(join(folder, left), yesterday, yesterday);
    prepareFile(folder, new Uint8Array(1), PRIVATE_FILE);
    const kept = join(folder, "alpha-0123456789abcdef.plan");
    writeFileSync(kept, "");
    prunePlans(kept, "alpha");
    const names = readdirSync(folder);
    expect(names).not.toContain(left);
    expect(names).toHaveLength(2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
