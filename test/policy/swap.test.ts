import { spawn } from "node:child_process";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as others } from "node:timers/promises";
import { expect, it } from "vitest";
import { PUBLIC_FILE, SHARED_FILE } from "../../src/base/modes.ts";
import { TrustedReader } from "../../src/policy/load/trusted-file.ts";
import { scratchFolder } from "../support/scratch.ts";

const TRIES = 4_000;
/** Each must be met: on a busy host the swapper begins after many tries. */
const OUTCOMES = ["good", "file-writable", "file-symlink"];

/**
 * Renames a trusted and an untrusted file over the same name, and a link to the untrusted one, as
 * fast as it can.
 */
const swapper = `
const { linkSync, renameSync, symlinkSync, rmSync } = require("node:fs");
const dir = process.argv[1];
for (;;) {
  for (const [make, from] of [[linkSync, "good"], [linkSync, "evil"], [symlinkSync, "evil"]]) {
    make(dir + "/" + from, dir + "/next");
    renameSync(dir + "/next", dir + "/web.yaml");
    rmSync(dir + "/next", { force: true });
  }
}`;

it("what is read is what was judged, however fast the name is swapped", async () => {
  const folder = scratchFolder("swap");
  writeFileSync(join(folder, "good"), "good", { mode: PUBLIC_FILE });
  writeFileSync(join(folder, "evil"), "evil");
  chmodSync(join(folder, "evil"), SHARED_FILE);
  const child = spawn(process.execPath, ["-e", swapper, folder], { stdio: "ignore" });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  try {
    const seen = new Map<string, number>();
    const owners = [0, process.geteuid?.() ?? 0];
    const isWhole = () => OUTCOMES.every((outcome) => seen.has(outcome));
    for (let count = 0; count < TRIES || !isWhole(); count++) {
      if (count % 100 === 0) await others();
      if (child.exitCode !== null) break;
      const reader = new TrustedReader();
      const result = reader.read(join(folder, "web.yaml"), owners);
      reader.close();
      const outcome =
        result.outcome === "read"
          ? Buffer.from(result.bytes).toString()
          : result.outcome === "refused"
            ? result.problem.name
            : "absent";
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
    }
    expect(child.exitCode, "the swapper runs to the end").toBeNull();
    expect([...seen.keys()]).not.toContain("evil");
    for (const outcome of OUTCOMES) expect(seen.get(outcome), outcome).toBeGreaterThan(0);
  } finally {
    child.kill("SIGKILL");
    await exited;
    rmSync(folder, { recursive: true, force: true });
  }
});
