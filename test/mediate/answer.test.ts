import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { quick } from "../../src/kernel/quick.ts";
import { sendResponse } from "../../src/mediate/answer/answer.ts";
import { Slot } from "../../src/mediate/loop/slot.ts";
import { abi, E } from "../../src/mediate/sys/abi.ts";
import { close, sys } from "../../src/mediate/sys/sys.ts";
import { SLOT_COUNT, SLOT_SIZE } from "../../src/plan/slots.ts";
import { compileC } from "../support/compile-c.ts";
import { scratchFolder } from "../support/scratch.ts";

/** Calls until one is seen that was answered and has not returned: mostly the first. */
const CALLS_MAX = 1_000;
/** Bytes of a set of processors. */
const SET_SIZE = 128;

const folder = scratchFolder("answer");
const allowed = Buffer.alloc(SET_SIZE);
let caller: ChildProcess;
let listener: number;

beforeAll(async () => {
  const program = join(folder, "waits-for-answers");
  compileC(program, join(import.meta.dirname, "waits-for-answers.c"), ["-Wall", "-Werror"]);
  sys("sched_getaffinity", 0, SET_SIZE, allowed);
  // It shares one processor with this thread, so that it runs only while this thread waits.
  sys("sched_setaffinity", 0, SET_SIZE, firstOf(allowed));
  caller = spawn(program, { stdio: ["ignore", "pipe", "inherit"] });
  const [number] = await once(caller.stdout as NonNullable<ChildProcess["stdout"]>, "data");
  const pidfd = sys("pidfd_open", caller.pid ?? 0, 0);
  listener = sys("pidfd_getfd", pidfd, Number(number), 0);
  close(pidfd);
  expect(listener).toBeGreaterThan(0);
});

afterAll(async () => {
  sys("sched_setaffinity", 0, SET_SIZE, allowed);
  caller.kill("SIGKILL");
  await once(caller, "exit");
  close(listener);
  rmSync(folder, { recursive: true });
});

function firstOf(processors: Buffer): Buffer {
  const at = processors.findIndex((byte) => byte !== 0);
  const first = Buffer.alloc(SET_SIZE);
  const byte = processors[at] ?? 0;
  first[at] = byte & -byte;
  return first;
}

/** A call that waits, answered by someone else: `continue`. */
function answeredCall(): Slot {
  const slot = new Slot(new Uint8Array(SLOT_COUNT * SLOT_SIZE), 0);
  let received: number;
  do {
    slot.clear();
    received = quick.ioctl(listener, abi.SECCOMP_IOCTL_NOTIF_RECV, slot.notification);
  } while (received === -E.INTR);
  slot.answer(0, 0, abi.SECCOMP_USER_NOTIF_FLAG_CONTINUE);
  expect([received, answerAgain(slot)]).toEqual([0, 0]);
  return slot;
}

const answerAgain = (slot: Slot): number =>
  quick.ioctl(listener, abi.SECCOMP_IOCTL_NOTIF_SEND, slot.response);

test("a call that someone else answered is over, whether its caller has run since or not", () => {
  for (let calls = 1; ; calls++) {
    expect(calls).toBeLessThan(CALLS_MAX);
    const slot = answeredCall();
    sendResponse(listener, slot);
    const refused = answerAgain(slot);
    expect([-E.NOENT, -E.INPROGRESS]).toContain(refused);
    if (refused === -E.INPROGRESS) return;
  }
});

test("any other refusal of an answer is an error", () => {
  expect(() => sendResponse(-1, answeredCall())).toThrow("cannot answer: error 9");
});
