import { place } from "../../plan/layout.ts";
import {
  LET_GO_ON_SLOT,
  letGoOn,
  NOTED_SLOTS_FROM,
  OUTDATED_POLICY,
  RECORDS_GROUP,
  RECORDS_SLOT,
  SELF_CONFINED_SLOT,
  SLOT_BEHIND_OFFSET,
  SLOT_COUNT,
  SLOT_SIZE,
  UNTOLD_SLOTS,
} from "../../plan/slots.ts";
import { GROUP_BYTES, RECORDS_READ_BYTES, RecordsRead } from "../report/records-read.ts";
import { UNTOLD_BYTES, Untold } from "../report/untold.ts";
import { OUTDATED_POLICY_BYTES } from "./live.ts";
import { NOTED_BYTES } from "./noted-processes.ts";
import { SELF_CONFINED_BYTES } from "./self-confined.ts";

export interface SharedMemory {
  readonly selfConfined: Buffer;
  /** Places of {@link NOTED_BYTES} each. */
  readonly noted: readonly Buffer[];
  /** Facts about calls that were let go on since the start. */
  readonly letGoOn: Buffer;
  readonly outdatedPolicy: Buffer;
}

export function memoryOf(slots: Uint8Array): SharedMemory {
  const noted = Array.from({ length: SLOT_COUNT - NOTED_SLOTS_FROM }, (_, index) =>
    behind(slots, NOTED_SLOTS_FROM + index, NOTED_BYTES),
  );
  const selfConfined = behind(slots, SELF_CONFINED_SLOT, SELF_CONFINED_BYTES);
  const { slot, offset } = OUTDATED_POLICY;
  return {
    selfConfined,
    noted,
    letGoOn: behind(slots, LET_GO_ON_SLOT, place(letGoOn).size),
    outdatedPolicy: behind(slots, slot, offset + OUTDATED_POLICY_BYTES).subarray(offset),
  };
}

export function untoldOf(slots: Uint8Array, by: "mediator" | "worker"): Untold {
  return new Untold(behind(slots, UNTOLD_SLOTS[by], UNTOLD_BYTES));
}

export function recordsRead(slots: Uint8Array): RecordsRead {
  const { slot, offset } = RECORDS_GROUP;
  const group = behind(slots, slot, offset + GROUP_BYTES).subarray(offset);
  return new RecordsRead(group, behind(slots, RECORDS_SLOT, RECORDS_READ_BYTES));
}

/** The unused space behind the last field of a slot, which no call touches. */
function behind(slots: Uint8Array, index: number, bytes: number): Buffer {
  const offset = index * SLOT_SIZE + SLOT_BEHIND_OFFSET;
  return Buffer.from(slots.buffer, slots.byteOffset + offset, bytes);
}
