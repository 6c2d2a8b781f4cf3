import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PUBLIC_PROGRAM } from "../../src/base/modes.ts";
import type { Places } from "../../src/host/places.ts";
import { preparePlan } from "../../src/host/prepare-plan.ts";
import { scratchFolder } from "../support/scratch.ts";

let home: string;
beforeEach(() => {
  home = scratchFolder("prepare-plan");
  mkdirSync(join(home, "bin"));
});
afterEach(() => rmSync(home, { recursive: true }));

function prepare(launcher: string, end?: AbortSignal): Promise<string | null> {
  writeFileSync(join(home, "bin/cofferdam"), `#!/bin/sh\n${launcher}\n`, { mode: PUBLIC_PROGRAM });
  const asked = { capabilities: "0", words: ["web"], ...(end === undefined ? {} : { end }) };
  return preparePlan({ home } as Places, asked);
}

test("a compiler that hangs is ended, with what it has started, when nobody waits", async () => {
  const end = new AbortController();
  const said = prepare("sleep 600 & wait", end.signal);
  setTimeout(() => end.abort(), 300);
  // What it has started holds its standard error open.
  expect(await said).toBe("");
});

test("a compiler that has ended is past being ended", async () => {
  const end = new AbortController();
  expect(await prepare("exit 0", end.signal)).toBe(null);
  end.abort();
  expect(await prepare("echo no >&2; exit 1")).toBe("no\n");
});
