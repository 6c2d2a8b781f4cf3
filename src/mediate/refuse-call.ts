import type { SocketRequest } from "../model/request.ts";
import { E } from "./abi.ts";
import type { Call } from "./call.ts";
import { type Outcome, unable } from "./outcome.ts";
import { AF } from "./socket.ts";

/** io_uring, and calls that libraries try first: they fall back only on ENOSYS. */
const SAID_TO_BE_ABSENT = /^(io_uring_|clone3$|openat2$)/;

/** Registers that say what a refused call was for; pointers would make every repetition look new. */
const TELLING: Readonly<Record<string, readonly number[]>> = {
  ioctl: [1],
  fcntl: [1],
  clone: [0],
  unshare: [0],
  personality: [0],
  socket: [0, 1, 2],
  socketpair: [0, 1, 2],
  setsockopt: [1, 2],
  seccomp: [0, 1],
  execveat: [4],
};

/** A call outside the policy's list. */
export function refuseUnlisted(call: Call): Outcome {
  const request = { class: "syscall", name: call.name } as const;
  const refusal = { class: "syscall", operation: "call", object: call.name, reason: "no-rule", request } as const;
  return { kind: "refused", errno: errnoFor(call), refusal };
}

/** A call that is listed, in a form that no sealed domain has: the filter asks only about those. */
export function refuseForm(call: Call): Outcome {
  if (call.name === "socket") return refuseSocket(call);
  return unable(errnoFor(call), "call", spell(call));
}

function errnoFor(call: Call): number {
  return SAID_TO_BE_ABSENT.test(call.name) ? E.NOSYS : E.PERM;
}

function spell(call: Call): string {
  const telling = TELLING[call.name];
  if (telling === undefined) return call.name;
  return `${call.name}(${telling.map((index) => `0x${call.unsigned(index).toString(16)}`).join(", ")})`;
}

const SOCK_RAW = 3;
const SOCK_TYPE_MASK = 0xf;
const ICMP = new Set([1, 58]);

function refuseSocket(call: Call): Outcome {
  const request: SocketRequest = { class: "socket", family: familyOf(call), protocol: call.int(2) };
  const refusal = { class: "socket", operation: "create", object: spell(call), reason: "no-rule", request } as const;
  return { kind: "refused", errno: E.PERM, refusal };
}

function familyOf(call: Call): SocketRequest["family"] {
  const family = call.int(0);
  if (family === AF.netlink) return "netlink";
  if (family === AF.packet) return "packet";
  if (family === AF.vsock) return "vsock";
  if (family !== AF.inet && family !== AF.inet6) return "other";
  if ((call.int(1) & SOCK_TYPE_MASK) === SOCK_RAW) return "raw";
  return ICMP.has(call.int(2)) ? "ping" : "other";
}
