import { expect, test } from "vitest";
import { Slot } from "../../src/mediate/loop/slot.ts";
import { SLOT_COUNT, SLOT_SIZE } from "../../src/plan/slots.ts";

/** The same memory, as a mediator and its worker have it. */
function seenByBoth(id: bigint): { mediator: Slot; worker: Slot; memory: Uint8Array } {
  const memory = new Uint8Array(SLOT_COUNT * SLOT_SIZE);
  const mediator = new Slot(memory, 3);
  mediator.notification.writeBigUInt64LE(id, 0);
  return { mediator, worker: new Slot(memory, 3), memory };
}

test("a call that a worker has begun is not taken from it, so that it is never done twice", () => {
  const { mediator, worker } = seenByBoth(0x1234_5678_9abc_def0n);
  const hands = mediator.giveToWorker();
  expect(worker.begin(hands)).toBe(true);
  expect(worker.begin(hands), "its next effect").toBe(true);
  expect(mediator.takeFromWorker()).toBe(false);
});

test("what was taken from a worker it does not begin any more", () => {
  const { mediator, worker } = seenByBoth(0x1234_5678_9abc_def0n);
  const hands = mediator.giveToWorker();
  expect(mediator.takeFromWorker()).toBe(true);
  expect(worker.begin(hands)).toBe(false);
  expect(mediator.inWorker, "a successor asks nobody").toBe(true);
});

test("a worker that lost a call takes no later one in the same slot for it", () => {
  const { mediator, worker } = seenByBoth(7n);
  const hands = mediator.giveToWorker();
  mediator.takeFromWorker();
  mediator.clear();
  mediator.notification.writeBigUInt64LE(8n, 0);
  expect(worker.begin(hands), "received").toBe(false);
  const next = mediator.giveToWorker();
  expect(worker.begin(hands), "given to another worker").toBe(false);
  expect(worker.begin(next)).toBe(true);
});
