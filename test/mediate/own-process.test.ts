import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Membership } from "../../src/domains/membership.ts";
import { isCofferdams } from "../../src/mediate/target/own-process.ts";

const ATTEMPTS_MAX = 500;
const PAUSE_MS = 10;

test("a confined process is not Cofferdam's, whatever it calls itself", async () => {
  const script = "printf '(cofferdam)' > /proc/$$/comm; read line";
  const pretender = spawn("sh", ["-c", script], { stdio: ["pipe", "ignore", "ignore"] });
  const pid = pretender.pid ?? 0;
  try {
    const name = () => readFileSync(`/proc/${pid}/comm`, "utf8");
    for (let i = 0; i < ATTEMPTS_MAX && name() !== "(cofferdam)\n"; i++) await sleep(PAUSE_MS);
    expect(
      isCofferdams(pid, () => "superDom"),
      "outside every domain it is spared",
    ).toBe(true);
    const confined = { domain: "web", number: 7 } as unknown as Membership;
    expect(isCofferdams(pid, () => confined)).toBe(false);
  } finally {
    pretender.stdin?.end();
  }
});
