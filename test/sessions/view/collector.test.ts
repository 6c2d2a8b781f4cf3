import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PUBLIC_PROGRAM } from "../../../src/base/modes.ts";
import { ownPlaces } from "../../../src/host/places.ts";
import { Collector } from "../../../src/sessions/view/collector.ts";
import { COLLECTS_MAX } from "../../../src/sessions/view/limits.ts";
import { scratchFolder } from "../../support/scratch.ts";

/** The test's own process, which the collector is told is an administrator's. */
const viewer = { uid: 0, gid: 0, administers: true };

let home: string;
let gate: string;
beforeEach(() => {
  home = scratchFolder("collector");
  gate = join(home, "gate");
  execFileSync("mkfifo", [gate]);
  mkdirSync(join(home, "bin"));
  // It makes a bundle until the gate is opened.
  const script = `#!/bin/sh\ncat '${gate}'\n`;
  writeFileSync(join(home, "bin/cofferdam"), script, { mode: PUBLIC_PROGRAM });
});
afterEach(() => rmSync(home, { recursive: true }));

test("a bundle requested while others are being made is refused, and made afterwards", async () => {
  const collector = new Collector({ ...ownPlaces(), home }, () => undefined);
  const first = Array.from({ length: COLLECTS_MAX }, () => collector.collect(viewer));
  await expect(collector.collect(viewer)).rejects.toThrow("another bundle is being made");
  // One that opens a FIFO to write waits for its reader.
  for (const _ of first) execFileSync("sh", ["-c", `printf bundle >'${gate}'`]);
  expect((await Promise.all(first)).join("")).toBe("bundle".repeat(COLLECTS_MAX));
  const later = collector.collect(viewer);
  execFileSync("sh", ["-c", `printf more >'${gate}'`]);
  expect(String(await later)).toBe("more");
});
