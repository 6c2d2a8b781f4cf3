import { error, type Outcome, unable } from "../../answer/outcome.ts";
import { unlessSettled } from "../../answer/settled.ts";
import { MESSAGE_BYTES_MAX, STREAM_BYTES_MAX } from "../../limits.ts";
import { E } from "../../sys/abi.ts";
import type { Content } from "../../target/content.ts";
import { UNREADABLE } from "../../target/memory.ts";
import type { Call } from "../call.ts";
import { untilTimeout } from "../look-again.ts";
import { AF, SOCK, sendBuffer, type TargetSocket } from "./socket.ts";

/** One send that does not wait. `isFirst`: send the control data, too. */
export type Send = (data: Buffer, isFirst: boolean) => Outcome;

/**
 * Sends the whole content as the kernel would: a stream piece by piece, anything else at once or
 * not at all. `waits`: the target may wait; other calls do not.
 */
export function sendContent(
  call: Call,
  socket: TargetSocket,
  content: Content,
  waits: boolean,
  send: Send,
): Outcome {
  return socket.type === SOCK.stream
    ? sendStream(call, socket, content, waits, send)
    : sendPacket(call, socket, content, waits, send);
}

function sendPacket(
  call: Call,
  socket: TargetSocket,
  content: Content,
  waits: boolean,
  send: Send,
): Outcome {
  if (content.length > MESSAGE_BYTES_MAX) return tooLong(call, socket, content.length);
  const attempt = (): Outcome | null => {
    const outcome = send(content.read(0, content.length), true);
    if (!waits || !isFull(outcome)) return outcome;
    call.cameToNothing();
    return null;
  };
  return attempt() ?? untilTimeout(call, socket, { attempt, socket: socket.fd, echoes: true });
}

/**
 * The kernel's own error: a datagram must fit into the send buffer, and an internet one into its
 * header.
 */
function tooLong(call: Call, { fd, domain }: TargetSocket, length: number): Outcome {
  const kernels = domain === AF.inet || domain === AF.inet6 || length > sendBuffer(fd);
  return kernels
    ? error(E.MSGSIZE)
    : unable(E.MSGSIZE, call.name, `a message of more than ${MESSAGE_BYTES_MAX} bytes`);
}

/**
 * Without waiting, sends what fits, up to {@link STREAM_BYTES_MAX}. With waiting, it is done when
 * everything is sent, or some of it and no more can be.
 */
function sendStream(
  call: Call,
  socket: TargetSocket,
  content: Content,
  waits: boolean,
  send: Send,
): Outcome {
  let sent = 0;
  const part = (): Outcome | null => (sent > 0 ? { kind: "value", value: sent } : null);
  const attempt = (): Outcome | "more" | null => {
    const data = readMore(content, sent);
    const outcome = data === null ? error(E.FAULT) : send(data, sent === 0);
    if (waits && isFull(outcome)) {
      if (sent === 0) call.cameToNothing();
      return null;
    }
    if (outcome.kind !== "value") return outcome.kind === "error" ? (part() ?? outcome) : outcome;
    sent += outcome.value;
    return waits && sent < content.length ? "more" : { kind: "value", value: sent };
  };
  const first = attempt();
  return first === null || first === "more"
    ? untilTimeout(call, socket, { attempt, part, socket: socket.fd })
    : first;
}

/** null if memory ends after some of it was sent. */
function readMore(content: Content, sent: number): Buffer | null {
  const read = () => content.read(sent, STREAM_BYTES_MAX);
  return sent === 0 ? read() : unlessSettled(read, UNREADABLE);
}

function isFull(outcome: Outcome): boolean {
  return outcome.kind === "error" && outcome.errno === E.AGAIN;
}
