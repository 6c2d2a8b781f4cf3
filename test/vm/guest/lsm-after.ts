/** A second process, after the end of the one that loaded the engine: `lsm.ts`. */
import * as fs from "node:fs";
import { expect, test } from "vitest";
import { LsmEngine } from "../../../src/kernel/bpf/lsm/engine.ts";
import { PINS, TRY, Trying } from "./lsm-arena.ts";

const HELD = "/tmp/lsm/after/held";

test("enforcement outlives every process, and another one goes on with it", async () => {
  using engine = LsmEngine.open(PINS);
  if (engine === null) throw new Error("the engine is gone");
  fs.mkdirSync("/tmp/lsm/after", { recursive: true });
  fs.copyFileSync(TRY, HELD);
  // Of the differential's domain, which was left at enforcing.
  engine.setExecutable(0, HELD, 40);
  const held = new Trying(HELD);
  expect(engine.labels.domainOf(held.pid)).toBe(40);
  expect(await held.does("read /etc/passwd")).toBe("EACCES");
  await held.end();
});
