import { test } from "vitest";
import { loadLsm } from "../../../src/kernel/bpf/lsm/load.ts";
import { PINS } from "./lsm-arena.ts";

test("it loads", () => {
  try {
    loadLsm(PINS);
  } catch (error) {
    const log = String((error as { log?: string }).log ?? "");
    console.log(`LOGBEGIN ${error}\n${log.slice(-14000)}\nLOGEND`);
    throw new Error("x");
  }
});
