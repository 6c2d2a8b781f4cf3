import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { root } from "../house/tree.ts";

test("a reader that goes, as head does, ends the command line without a word", async () => {
  const child = spawn(join(root, "bin/cofferdam"), ["schema"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout.destroy();
  const [complaint, [status]] = await Promise.all([text(child.stderr), once(child, "close")]);
  expect(complaint).toBe("");
  expect(status).toBe(128 + 13);
});
