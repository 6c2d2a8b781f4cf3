import { fstatSync, readlinkSync } from "node:fs";
import {
  F_GET_SEALS,
  F_SEAL_GROW,
  F_SEAL_SHRINK,
  MSG_CMSG_CLOEXEC,
  MSG_CTRUNC,
  MSG_DONTWAIT,
  MSG_TRUNC,
  SCM_RIGHTS,
  SOL_SOCKET,
} from "../../kernel/constants.ts";
import { addressOf } from "../../kernel/ffi.ts";
import { cmsghdr, iovec, msghdr } from "../../kernel/structs.ts";
import { SLOT_COUNT, SLOT_SIZE } from "../../plan/slots.ts";
import { E } from "../abi.ts";
import type { Handed } from "../handed.ts";
import { close, sys } from "../sys.ts";

const MESSAGE = Buffer.from("CFDMHOLD");
/** Listener, slots and plan, and the pipe of `--events`. */
const DESCRIPTORS = { least: 3, most: 4 } as const;
/** Room for twice as many, so that one too many is seen as such. */
const CONTROL_BYTES = cmsghdr.size + 4 * 2 * DESCRIPTORS.most;

/** What came over a connection. */
export type Arrived =
  | { readonly kind: "handed"; readonly handed: Handed }
  /** Nothing yet. */
  | { readonly kind: "nothing" }
  /** The end, or something else than a hand-over; whatever descriptors came are closed. */
  | { readonly kind: "wrong"; readonly why: string };

/** Takes the message that waits on a connection (recvmsg(2), unix(7)). */
export function receiveHandOver(connection: number): Arrived {
  const text = Buffer.alloc(2 * MESSAGE.length);
  const control = Buffer.alloc(CONTROL_BYTES);
  const vector = Buffer.from(iovec.encode({ iov_base: addressOf(text), iov_len: BigInt(text.length) }));
  const header = Buffer.from(
    msghdr.encode({
      msg_iov: addressOf(vector),
      msg_iovlen: 1n,
      msg_control: addressOf(control),
      msg_controllen: BigInt(control.length),
    }),
  );
  const got = sys("recvmsg", connection, header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (got === -E.AGAIN || got === -E.INTR) return { kind: "nothing" };
  if (got < 0) return { kind: "wrong", why: `error ${-got}` };
  const { msg_flags, msg_controllen } = msghdr.decode(header);
  const { descriptors, strange } = descriptorsIn(control.subarray(0, Math.min(Number(msg_controllen), control.length)));
  const cut = (msg_flags & (MSG_TRUNC | MSG_CTRUNC)) !== 0;
  const why =
    got === 0
      ? "it has hung up"
      : cut || strange || !text.subarray(0, got).equals(MESSAGE)
        ? "no message of a holder"
        : problemIn(descriptors);
  if (why === null) return { kind: "handed", handed: named(descriptors) };
  for (const fd of descriptors) close(fd);
  return { kind: "wrong", why };
}

/** Every descriptor in the control data; `strange` when there is anything else in it. */
function descriptorsIn(control: Buffer): { descriptors: number[]; strange: boolean } {
  const descriptors: number[] = [];
  let strange = false;
  for (let at = 0; at + cmsghdr.size <= control.length; ) {
    const { cmsg_len, cmsg_level, cmsg_type } = cmsghdr.decode(control.subarray(at));
    const end = at + Number(cmsg_len);
    if (end < at + cmsghdr.size || end > control.length) return { descriptors, strange: true };
    if (cmsg_level !== SOL_SOCKET || cmsg_type !== SCM_RIGHTS) strange = true;
    else for (let fd = at + cmsghdr.size; fd + 4 <= end; fd += 4) descriptors.push(control.readInt32LE(fd));
    at += Math.ceil(Number(cmsg_len) / 8) * 8;
  }
  return { descriptors, strange };
}

function named([listener = -1, slots = -1, plan = -1, events]: readonly number[]): Handed {
  return { listener, slots, plan, events: events ?? null };
}

function problemIn(descriptors: readonly number[]): string | null {
  try {
    return problemOf(descriptors);
  } catch (cause) {
    return (cause as Error).message;
  }
}

/** The slots are mapped: were they to shrink, touching them would end this process. */
function problemOf(descriptors: readonly number[]): string | null {
  if (descriptors.length < DESCRIPTORS.least || descriptors.length > DESCRIPTORS.most)
    return `${descriptors.length} descriptors`;
  const { listener, slots, plan, events } = named(descriptors);
  if (readlinkSync(`/proc/self/fd/${listener}`) !== "anon_inode:seccomp notify") return "no listener of a filter";
  if (!isFixed(slots) || fstatSync(slots).size !== SLOT_COUNT * SLOT_SIZE) return "no memory of slots";
  if (!fstatSync(plan).isFile()) return "no plan";
  return events === null || fstatSync(events).isFIFO() ? null : "no pipe for events";
}

function isFixed(fd: number): boolean {
  const seals = sys("fcntl", fd, F_GET_SEALS, 0);
  return seals >= 0 && (seals & (F_SEAL_GROW | F_SEAL_SHRINK)) === (F_SEAL_GROW | F_SEAL_SHRINK);
}
