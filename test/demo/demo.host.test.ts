import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../house/tree.ts";
import { needsRoot } from "../support/skip.ts";

/** The whole showing, set-up done, in milliseconds. */
const DEMO_MS = 60_000;
const NOBODY = 65_534;

function show(uid: number | null): { readonly status: number | null; readonly text: string } {
  const home = mkdtempSync(join(tmpdir(), "cofferdam-demo-home-"));
  try {
    if (uid !== null) spawnSync("chown", [String(uid), home]);
    const result = spawnSync(process.execPath, [join(root, "dist", "demo.js")], {
      encoding: "utf8",
      timeout: DEMO_MS,
      cwd: "/",
      env: { PATH: process.env.PATH ?? "", HOME: home },
      ...(uid === null ? {} : { uid, gid: uid }),
    });
    return { status: result.status, text: `${result.stdout}${result.stderr}` };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

test("as root every refusal is told by an event with the line that would have allowed it", {
  timeout: DEMO_MS,
}, (context) => {
  needsRoot(context);
  const { status, text } = show(null);
  expect(text).toContain("As it should be");
  expect(text.match(/allow it with: files: - (r|c|rx) /g)).toHaveLength(3);
  expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
  expect(status).toBe(0);
});

test("as an ordinary user what the broker saw is told, and what it cannot see is said", { timeout: DEMO_MS }, () => {
  const { status, text } = show(process.getuid?.() === 0 ? NOBODY : null);
  expect(text).toContain("As it should be");
  expect(text.match(/allow it with: files: - c /g)).toHaveLength(1);
  expect(text.match(/tells only root about it: no event/g)).toHaveLength(2);
  expect(status).toBe(0);
});
