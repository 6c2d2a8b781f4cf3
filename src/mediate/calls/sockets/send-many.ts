import { IOV_MAX } from "../../../kernel/constants.ts";
import { mmsghdr } from "../../../kernel/structs.ts";
import {
  type Answer,
  CONTINUE,
  error,
  GRANTED,
  type Outcome,
  type Refusal,
  telling,
} from "../../answer/outcome.ts";
import { outcomeOf, unlessSettled } from "../../answer/settled.ts";
import { isOwn } from "../../answer/warned.ts";
import { MESSAGES_MAX } from "../../limits.ts";
import { E } from "../../sys/abi.ts";
import { errnoOf } from "../../sys/errno.ts";
import { UNREADABLE } from "../../target/memory.ts";
import type { Call } from "../call.ts";
import type { Handler } from "../handler.ts";
import { type Message, readMessage } from "./message.ts";
import { goesByNoAddress } from "./no-address.ts";
import { send } from "./send.ts";
import { socketOf, type TargetSocket } from "./socket.ts";

/** Once some messages were sent, the first that fails ends the call (sendmmsg(2)). */
export const sendmmsg: Handler = {
  continueIsSafe: (call) => goesByNoAddress(call, call.unsigned(3)),
  answer(call) {
    if (goesByNoAddress(call, call.unsigned(3))) return CONTINUE;
    const socket = socketOf(call, 0);
    if (typeof socket === "number") return error(errnoOf(socket));
    const count = call.unsigned(2);
    return call.rehearses
      ? rehearse(call, socket, Math.min(count, IOV_MAX))
      : sendFrom(call, socket, 0, Math.min(count, MESSAGES_MAX));
  },
};

/** struct mmsghdr: struct msghdr, then the number of bytes that were sent. */
const MMSGHDR_BYTES = BigInt(mmsghdr.size);
const SENT_AT = BigInt(mmsghdr.offset.msg_len);

function at(call: Call, index: number): bigint {
  return call.word(1) + BigInt(index) * MMSGHDR_BYTES;
}

function sendFrom(call: Call, socket: TargetSocket, index: number, count: number): Outcome {
  if (index === count) return { kind: "value", value: count };
  return counted(call, socket, sendOne(call, socket, index), { index, count });
}

/** Once some were sent, unreadable memory ends the call. */
function sendOne(call: Call, socket: TargetSocket, index: number): Outcome {
  const step = (): Outcome => {
    const message = readMessage(call, at(call, index));
    return typeof message === "number"
      ? error(errnoOf(message))
      : send(call, socket, message, call.unsigned(3));
  };
  return index === 0 ? step() : (unlessSettled(step, UNREADABLE) ?? error(E.FAULT));
}

function counted(
  call: Call,
  socket: TargetSocket,
  sent: Outcome,
  { index, count }: { readonly index: number; readonly count: number },
): Outcome {
  if (sent.kind === "pending")
    return { ...sent, resume: () => counted(call, socket, sent.resume(), { index, count }) };
  if (sent.kind !== "value") return index > 0 ? endsWith(sent, index) : sent;
  const length = Buffer.alloc(4);
  length.writeUInt32LE(sent.value, 0);
  call.target.memory.write(at(call, index) + SENT_AT, length);
  return sendFrom(call, socket, index + 1, count);
}

/**
 * The call returns the number of messages sent so far. A refusal is logged now, because the caller
 * may not ask again.
 */
function endsWith(last: Outcome, index: number): Outcome {
  const sent: Answer = { kind: "value", value: index };
  return last.kind === "refused" ? telling("denied", [last.refusal], sent) : sent;
}

/**
 * At level warning the kernel will send all messages, so all are judged, each address once. An
 * object of Cofferdam's among them refuses the call.
 */
function rehearse(call: Call, socket: TargetSocket, count: number): Outcome {
  // Read first, so that it is not closed with what one message needs.
  call.target.root;
  const judged = new Set<string>();
  const refusals: Refusal[] = [];
  let own: Answer | null = null;
  for (let index = 0; index < count; index++) {
    const message = headerOf(call, index);
    if (message === null) break;
    if (typeof message === "number" || isKnown(judged, message)) continue;
    const outcome = call.target.givingBack(() =>
      outcomeOf(() => send(call, socket, message, call.unsigned(3))),
    );
    if (NOT_JUDGED.has(outcome.kind)) return outcome;
    if (outcome.kind !== "refused") continue;
    if (isOwn(call, outcome.refusal)) own = outcome;
    else refusals.push(outcome.refusal);
  }
  if (refusals.length === 0 && own === null) return GRANTED;
  return telling("warning", refusals, own ?? CONTINUE);
}

const NOT_JUDGED: ReadonlySet<Outcome["kind"]> = new Set(["worker", "vanished", "unable"]);

/** null where memory ends; the kernel stops there, too. */
function headerOf(call: Call, index: number): Message | number | null {
  const read = () => readMessage(call, at(call, index));
  return index === 0 ? read() : unlessSettled(read, UNREADABLE);
}

/** A message with control data is judged each time. */
function isKnown(judged: Set<string>, { address, control }: Message): boolean {
  if (control !== null) return false;
  const key = address?.bytes.toString("latin1") ?? "";
  if (judged.has(key)) return true;
  judged.add(key);
  return false;
}
