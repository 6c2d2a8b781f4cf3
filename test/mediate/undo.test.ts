import { openSync } from "node:fs";
import { expect, test } from "vitest";
import { EBADF } from "../../src/kernel/constants.ts";
import { handOver } from "../../src/mediate/answer/answer.ts";
import type { Call } from "../../src/mediate/calls/call.ts";
import { Slot } from "../../src/mediate/loop/slot.ts";
import { notTaken } from "../../src/mediate/target/identity.ts";
import { SLOT_SIZE } from "../../src/plan/slots.ts";

const call = { name: "openat", rehearses: false } as unknown as Call;
const slot = new Slot(new Uint8Array(SLOT_SIZE), 0);

/** To a target that cannot be given any descriptor: the listener is none. */
function given(undo: () => void) {
  return handOver(-1, slot, call, {
    kind: "descriptor",
    fd: openSync("/dev/null", "r"),
    closeOnExec: true,
    undo,
  });
}

test("a file that cannot be taken back is refused with an event, and mediation continues", () => {
  const outcome = given(() => {
    notTaken("setgroups");
  });
  expect(outcome).toMatchObject({
    kind: "refused",
    refusal: { reason: "mediator", operation: "openat" },
  });
});

test("one that is taken back leaves the kernel's own error", () => {
  let undone = 0;
  const outcome = given(() => {
    undone += 1;
  });
  expect(outcome).toEqual({ kind: "error", errno: EBADF });
  expect(undone).toBe(1);
});
