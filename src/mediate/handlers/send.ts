import { E } from "../abi.ts";
import { readAddress } from "../address.ts";
import type { Call } from "../call.ts";
import { judgeDestination, pathOf } from "../destination.ts";
import type { Handler } from "../handler.ts";
import { MESSAGE_BYTES_MAX } from "../limits.ts";
import { type Message, readMessage } from "../message.ts";
import { error, never, type Outcome, result } from "../outcome.ts";
import { refuseForm } from "../refuse-call.ts";
import { sendSigned } from "../signed-send.ts";
import { AF, SOCK, socketOf, type TargetSocket } from "../socket.ts";
import { sys } from "../sys.ts";

const MSG = { dontWait: 0x40, noSignal: 0x4000, fastOpen: 0x20000000 } as const;

/** sendto with an address; without one the filter lets it through. */
export const sendto: Handler = {
  continueIsSafe: () => false,
  answer(call) {
    const length = call.word(2);
    if (length > BigInt(MESSAGE_BYTES_MAX)) return error(E.MSGSIZE);
    const address = call.word(4) === 0n ? null : readAddress(call, call.word(4), call.int(5));
    if (typeof address === "number") return error(-address);
    return send(
      call,
      { address, data: call.target.memory.read(call.word(1), Number(length)), control: false },
      call.unsigned(3),
    );
  },
};

/** sendmsg: its address lies in memory, so every use comes here where addresses are brokered. */
export const sendmsg: Handler = {
  continueIsSafe: () => false,
  answer(call) {
    const message = readMessage(call, call.word(1));
    return typeof message === "number" ? error(-message) : send(call, message, call.unsigned(2));
  },
};

/** sendmmsg sends its first message only, and says so: one, which the caller must expect (sendmmsg(2)). */
export const sendmmsg: Handler = {
  continueIsSafe: () => false,
  answer(call) {
    if (call.unsigned(2) === 0) return { kind: "value", value: 0 };
    const message = readMessage(call, call.word(1));
    if (typeof message === "number") return error(-message);
    return counted(call, send(call, message, call.unsigned(3)));
  },
};

/** msg_len of the first struct mmsghdr, behind its struct msghdr. */
function counted(call: Call, sent: Outcome): Outcome {
  if (sent.kind === "pending") return { ...sent, resume: () => counted(call, sent.resume()) };
  if (sent.kind !== "value") return sent;
  const length = Buffer.alloc(4);
  length.writeUInt32LE(sent.value, 0);
  call.target.memory.write(call.word(1) + 56n, length);
  return { kind: "value", value: 1 };
}

function send(call: Call, message: Message, flags: number): Outcome {
  const socket = socketOf(call, 0);
  if (typeof socket === "number") return error(-socket);
  const { address } = message;
  if (flags & MSG.fastOpen) return refuseForm(call);
  if (message.control) return never(E.PERM, call.name, "control data (descriptors, credentials, packet options)");
  if (address !== null && socket.domain === AF.unix && socket.type === SOCK.dgram)
    return never(
      E.PERM,
      call.name,
      "a unix datagram with an address: the receiver would see the mediator as its sender",
    );
  // To a UDP socket it would mean AF_INET (udp_sendmsg), to others nothing.
  if (address?.kind === "other" && address.family === AF.unspec)
    return never(E.ACCES, call.name, "an address of no family");
  // A connected stream takes no address but for fast open (tcp(7)).
  if (address !== null && socket.type === SOCK.stream) return error(E.ISCONN);
  const path = address === null ? null : pathOf(call, address);
  const asked = flags | MSG.dontWait | MSG.noSignal;
  // A connection of packets goes by no address, whatever is given.
  if (socket.domain === AF.unix) return untilSent(socket, flags, () => sendSigned(call, socket, message.data, asked));
  const attempt = (): Outcome =>
    call.asTarget(() => {
      const destination = address === null ? null : judgeDestination(call, socket, address, path);
      if (destination !== null && destination.kind !== "address") return destination;
      const bytes = destination?.bytes ?? null;
      return result(
        call.effect(() =>
          sys("sendto", socket.fd, message.data, message.data.length, asked, bytes, bytes?.length ?? 0),
        ),
      );
    }, true);
  return untilSent(socket, flags, attempt);
}

/** A target that may wait waits here, without keeping the loop. */
function untilSent(socket: TargetSocket, flags: number, attempt: () => Outcome): Outcome {
  const outcome = attempt();
  const waits = !socket.nonBlocking && (flags & MSG.dontWait) === 0;
  if (outcome.kind !== "error" || outcome.errno !== E.AGAIN || !waits) return outcome;
  return { kind: "pending", fd: socket.fd, resume: () => untilSent(socket, flags, attempt) };
}
