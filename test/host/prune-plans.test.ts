import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { prunePlans } from "../../src/host/prune-plans.ts";
import { prepareFile } from "../../src/kernel/replace-file.ts";

const SECONDS_PER_DAY = 86_400;

test("what a killed compiler left half written goes, what one is writing stays", () => {
  const folder = mkdtempSync(join(tmpdir(), "cofferdam-prune-"));
  try {
    prepareFile(folder, new Uint8Array(1), 0o600);
    const left = readdirSync(folder)[0] ?? "";
    const yesterday = Date.now() / 1_000 - SECONDS_PER_DAY;
    utimesSync(join(folder, left), yesterday, yesterday);
    prepareFile(folder, new Uint8Array(1), 0o600);
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
