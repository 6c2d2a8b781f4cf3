import {
  AT_EACCESS,
  MSG_DONTWAIT,
  MSG_FASTOPEN,
  MSG_NOSIGNAL,
  W_OK,
} from "../../../kernel/constants.ts";
import { CONTINUE, error, never, type Outcome, result } from "../../answer/outcome.ts";
import { refuseForm } from "../../answer/refuse-call.ts";
import { abi, E } from "../../sys/abi.ts";
import { errnoOf } from "../../sys/errno.ts";
import { sys } from "../../sys/sys.ts";
import type { Call } from "../call.ts";
import type { Handler } from "../handler.ts";
import { readAddress } from "./address.ts";
import { carried } from "./control-data.ts";
import { type Destination, judgeDestination, pathOf } from "./destination.ts";
import { contentAt, type Message, readMessage } from "./message.ts";
import { goesByNoAddress } from "./no-address.ts";
import { sendContent } from "./send-content.ts";
import { carriesDescriptors, sendDescriptors } from "./send-descriptors.ts";
import { sendLetter, sendSigned } from "./signed-send.ts";
import { AF, SOCK, socketOf, type TargetSocket } from "./socket.ts";

/** sendto with an address. Without one the filter lets it through. */
export const sendto: Handler = {
  continueIsSafe: (call) => goesByNoAddress(call, call.unsigned(3)),
  answer(call) {
    if (goesByNoAddress(call, call.unsigned(3))) return CONTINUE;
    const socket = socketOf(call, 0);
    if (typeof socket === "number") return error(errnoOf(socket));
    const address = call.word(4) === 0n ? null : readAddress(call, call.word(4), call.int(5));
    if (typeof address === "number") return error(errnoOf(address));
    const content = contentAt(call, call.word(1), call.word(2));
    return send(call, socket, { address, content, control: null }, call.unsigned(3));
  },
};

/** sendmsg. Its address lies in memory, so every use is notified where addresses are brokered. */
export const sendmsg: Handler = {
  continueIsSafe: (call) => goesByNoAddress(call, call.unsigned(2)),
  answer(call) {
    if (goesByNoAddress(call, call.unsigned(2))) return CONTINUE;
    const socket = socketOf(call, 0);
    if (typeof socket === "number") return error(errnoOf(socket));
    const message = readMessage(call, call.word(1));
    return typeof message === "number"
      ? error(errnoOf(message))
      : send(call, socket, message, call.unsigned(2));
  },
};

export function send(call: Call, socket: TargetSocket, message: Message, flags: number): Outcome {
  const { address } = message;
  if (flags & MSG_FASTOPEN) return refuseForm(call);
  const control = controlOf(call, message);
  if (control !== null && !Buffer.isBuffer(control)) return control;
  const isDatagram = address !== null && socket.domain === AF.unix && socket.type === SOCK.dgram;
  // For a UDP socket AF_UNSPEC would mean AF_INET (udp_sendmsg), for others nothing.
  if (address?.kind === "other" && address.family === AF.unspec)
    return never(E.ACCES, call.name, "an address of no family");
  // A connected stream takes no address except for fast open (tcp(7)).
  if (address !== null && socket.type === SOCK.stream) return error(E.ISCONN);
  const path = address === null ? null : pathOf(call, address);
  const asked = flags | MSG_DONTWAIT | MSG_NOSIGNAL;
  // A connection of packets ignores any address.
  const named = address !== null && (socket.domain !== AF.unix || isDatagram);
  const destination = (): Destination | null =>
    named ? judgeDestination(call, socket, address, path) : null;
  const waits = !socket.nonBlocking && (flags & MSG_DONTWAIT) === 0;
  return sendContent(call, socket, message.content, waits, (data, isFirst) => {
    const letter = { data, control: isFirst ? control : null };
    return socket.domain === AF.unix
      ? signed(call, socket, letter, { flags: asked, waits }, destination)
      : call.asTarget(() => plain(call, socket, letter, asked, destination()), SENDING);
  });
}

const SENDING = { effectiveIds: true, makes: false };

type Letter = Pick<Parameters<typeof sendLetter>[1], "data" | "control">;

function plain(
  call: Call,
  socket: TargetSocket,
  letter: Letter,
  flags: number,
  to: Destination | null,
): Outcome {
  if (to !== null && to.kind !== "address") return to;
  return result(
    call.effect(() => sendLetter(socket.fd, { ...letter, name: to?.bytes ?? null }, flags)),
  );
}

/**
 * A receiver that asks for the sender's identity must be told the target's. That takes the
 * mediator's own rights, so the target's right to send is checked first.
 */
function signed(
  call: Call,
  socket: TargetSocket,
  letter: Letter,
  { flags, waits }: { readonly flags: number; readonly waits: boolean },
  destination: () => Destination | null,
): Outcome {
  const to = call.asTarget(() => mayWrite(destination()), SENDING);
  if (to !== null && to.kind !== "address") return to;
  const named = { ...letter, name: to?.bytes ?? null };
  return carriesDescriptors(named)
    ? sendDescriptors(call, socket, named, flags, waits)
    : sendSigned(call, socket, named, flags);
}

/** Sending to a socket's name requires the right to write to it (unix(7)). */
function mayWrite(to: Destination | null): Destination | null {
  if (to === null || to.kind !== "address" || to.bytes[2] === 0) return to;
  const path = Buffer.concat([to.bytes.subarray(2), Buffer.alloc(1)]);
  const denied = sys("faccessat2", abi.AT_FDCWD, path, W_OK, AT_EACCESS);
  return denied < 0 ? error(errnoOf(denied)) : to;
}

function controlOf(call: Call, { control }: Message): Buffer | Outcome | null {
  return control === null ? null : carried(call, control);
}
