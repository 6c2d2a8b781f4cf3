import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WORKER } from "../../../src/mediate/answer/outcome.ts";
import { outcomeOf } from "../../../src/mediate/answer/settled.ts";
import type { Call } from "../../../src/mediate/calls/call.ts";
import { onDevice } from "../../../src/mediate/calls/descriptors/device-ioctl.ts";
import { membersOf } from "../../../src/mediate/calls/processes/named-processes.ts";
import { HOST_THREADS_LOOKED_AT_MAX } from "../../../src/mediate/limits.ts";
import { type Built, buildAll } from "../build.ts";

/** More than the loop looks at; fewer than a worker does. */
const DESCRIPTORS = 600;
const FIRST_GROUP = 1;

let built: Built;
beforeAll(async () => {
  built = await buildAll();
});
afterAll(() => built.remove());

/** A call of this very process, as one with several threads. */
function callOf(file: number, mayWait: boolean): Call {
  const target = {
    descriptor: () => file,
    keep: (fd: number) => fd,
    entry: (path: string) => openSync(`/proc/self/${path}`, "r"),
  };
  const broker = { mayWait };
  const call = {
    name: "ioctl",
    isAlone: false,
    int: () => file,
    unsigned: () => file,
    target,
    broker,
  };
  return call as unknown as Call;
}

test("in a large table of descriptors a worker looks for devices, not the loop", () => {
  const regular = openSync("/etc/passwd", "r");
  const many = Array.from({ length: DESCRIPTORS }, () => openSync("/etc/passwd", "r"));
  expect(onDevice(callOf(regular, false))).toBe(WORKER);
  for (const fd of [regular, ...many]) closeSync(fd);
});

test("with very many threads a worker, not the loop, looks for a group's members", async () => {
  const hoard = spawn(built.compile("hoard"), ["threads", `${HOST_THREADS_LOOKED_AT_MAX}`]);
  await once(hoard.stdout, "data");
  try {
    const byTheLoop = outcomeOf(() => {
      throw new Error(`looked at: ${membersOf(callOf(0, false), FIRST_GROUP)}`);
    });
    expect(byTheLoop).toBe(WORKER);
    expect(membersOf(callOf(0, true), hoard.pid ?? 0)).toEqual([]);
  } finally {
    hoard.stdin.end();
    await once(hoard, "exit");
  }
});
