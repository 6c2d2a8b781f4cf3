import { capabilityMask } from "../../../kernel/capability-mask.ts";
import { CAP_SYS_ADMIN, MSG_DONTWAIT, SCM_RIGHTS, SOL_SOCKET } from "../../../kernel/constants.ts";
import { cmsghdr, iovec, msghdr } from "../../../kernel/structs.ts";
import { error, never, type Outcome } from "../../answer/outcome.ts";
import { E } from "../../sys/abi.ts";
import type { Call } from "../call.ts";
import { FIRST_DESCRIPTOR, impersonate, replyPair } from "../impersonator/impersonator.ts";
import type { Pointed } from "../impersonator/impersonator-request.ts";
import { softLimit } from "../processes/resource-limits.ts";
import { credentialsMessage, type Letter, SIGNS } from "./signed-send.ts";
import { type TargetSocket, unixAddress } from "./socket.ts";

/** Needed to give another process's id in SCM_CREDENTIALS (unix(7)). */
const NAMES_PROCESSES = capabilityMask(CAP_SYS_ADMIN);
/** The name by which a judged socket is reached, after the address family. */
const THROUGH = /^\/proc\/self\/fd\/(\d+)/;
const FAMILY_BYTES = 2;
const DESCRIPTOR_BYTES = 4;

export function carriesDescriptors({ control }: Letter): boolean {
  return control !== null && placesOf(control).length > 0;
}

/**
 * The kernel counts descriptors in flight for the sender's real user and limits them by its
 * RLIMIT_NOFILE (too_many_unix_fds in net/unix), so an impersonator sends. Giving the target's
 * process id takes a capability that lifts this limit. So the impersonator first sends the
 * descriptors to a socket of its own, without that capability. The call may wait there as long as
 * SO_SNDTIMEO allows.
 */
export function sendDescriptors(
  call: Call,
  socket: TargetSocket,
  letter: Letter,
  flags: number,
  waits: boolean,
): Outcome {
  const { own } = call.broker.identity;
  const { uid, gid } = call.target.credentials;
  const signs = (own.effective & SIGNS) === SIGNS;
  if (!signs && (letter.name !== null || own.uid !== uid || own.gid !== gid))
    return never(E.PERM, call.name, "the receiver would take the mediator for the sender");
  const probe = replyPair();
  const limit = softLimit(call, "Max open files");
  if (probe === null || limit === null) return error(E.MFILE);
  const descriptors = [socket.fd, ...probe.map((fd) => call.target.keep(fd))];
  const control = Buffer.from(letter.control ?? []);
  for (const at of placesOf(control)) {
    control.writeInt32LE(FIRST_DESCRIPTOR + descriptors.length, at);
    descriptors.push((letter.control ?? control).readInt32LE(at));
  }
  const signed = signs
    ? Buffer.concat([control, credentialsMessage(call.target.credentials)])
    : control;
  const name = ownName(letter.name, descriptors);
  const toNobody = messageOf({ data: Buffer.alloc(1), name: null, control });
  const toPeer = messageOf({ data: letter.data, name, control: signed });
  const asked = waits ? flags & ~MSG_DONTWAIT : flags;
  return impersonate(call, {
    descriptors,
    descriptorLimit: limit,
    waits,
    steps: [
      { name: "sendmsg", args: [FIRST_DESCRIPTOR + 1, toNobody, flags] },
      {
        name: "sendmsg",
        args: [FIRST_DESCRIPTOR, toPeer, asked],
        more: signs ? NAMES_PROCESSES : 0n,
      },
    ],
  });
}

function placesOf(control: Buffer): readonly number[] {
  const places: number[] = [];
  for (let at = 0; at + cmsghdr.size <= control.length; ) {
    const { cmsg_len, cmsg_level, cmsg_type } = cmsghdr.decode(control, at);
    const end = at + Number(cmsg_len);
    if (cmsg_level === SOL_SOCKET && cmsg_type === SCM_RIGHTS)
      for (
        let place = at + cmsghdr.size;
        place + DESCRIPTOR_BYTES <= end;
        place += DESCRIPTOR_BYTES
      )
        places.push(place);
    at += (Number(cmsg_len) + 7) & ~7;
  }
  return places;
}

/** The address, with the impersonator's own number for the descriptor through which it leads. */
function ownName(name: Buffer | null, descriptors: number[]): Buffer | null {
  const through = THROUGH.exec(name?.toString("latin1", FAMILY_BYTES) ?? "")?.[1];
  if (through === undefined) return name;
  descriptors.push(Number(through));
  return unixAddress(`/proc/self/fd/${FIRST_DESCRIPTOR + descriptors.length - 1}`);
}

function messageOf({ data, name, control }: Letter): Pointed {
  const vector = iovec.encode({ iov_len: BigInt(data.length) });
  const held = { bytes: vector, pointers: [{ at: iovec.offset.iov_base, to: { bytes: data } }] };
  const bytes = msghdr.encode({
    msg_namelen: name?.length ?? 0,
    msg_iovlen: 1n,
    msg_controllen: BigInt(control?.length ?? 0),
  });
  const pointers = [{ at: msghdr.offset.msg_iov, to: held as Pointed }];
  if (control !== null) pointers.push({ at: msghdr.offset.msg_control, to: { bytes: control } });
  if (name !== null) pointers.push({ at: msghdr.offset.msg_name, to: { bytes: name } });
  return { bytes, pointers };
}
