import { SIGKILL, SOCK_CLOEXEC, SOCK_SEQPACKET } from "../../../kernel/constants.ts";
import { ErrnoError } from "../../../kernel/errno-error.ts";
import { receive } from "../../../kernel/receive.ts";
import { spawnProcess } from "../../../kernel/spawn.ts";
import { type Outcome, type Pending, result, unable } from "../../answer/outcome.ts";
import { IMPERSONATOR_LOOK_MS, IMPERSONATOR_MS_MAX } from "../../limits.ts";
import { abi, E, POLLIN } from "../../sys/abi.ts";
import { errnoOf } from "../../sys/errno.ts";
import { c, close, socketPair, sys } from "../../sys/sys.ts";
import { makeTimer, ring } from "../../sys/timer.ts";
import { notTaken } from "../../target/identity.ts";
import { IMPERSONATOR } from "../../target/own-process.ts";
import { reap } from "../../worker/reap.ts";
import type { Call } from "../call.ts";
import { isInterrupted, watched } from "../look-again.ts";
import { type Deed, impersonatorReply, requestBytes } from "./impersonator-request.ts";

/**
 * The number of the first of {@link Deed.descriptors} in the impersonator. Below are its own two,
 * for the reply and the request.
 */
export const FIRST_DESCRIPTOR = 2;

type Conclude = (value: number, fd: number | null) => Outcome;

/**
 * Has an *impersonator* make the calls. This process becomes the target in full (real, saved,
 * effective and file-system ids, groups, permitted and effective capabilities), makes them and
 * exits. It is used where the kernel judges by ids or capabilities that the mediator does not take
 * ({@link Identity}): signals, owners of SIGIO, access to other processes, descriptors in flight. A
 * process that may signal the target may also stop or kill the impersonator; that costs this one
 * call. Not within {@link Call.asTarget}. Settles the call if the impersonator cannot become the
 * target.
 */
export function impersonate(call: Call, deed: Deed, conclude: Conclude = result): Outcome {
  if (!call.target.credentials.sharesPidNamespace)
    return unable(E.PERM, call.name, "asked by a process of another pid namespace");
  // The kernel lets a process look into others of its own user namespace (ptrace(2)).
  if (!call.broker.view.hasCapabilities)
    return unable(E.PERM, call.name, "asked by a process of another user namespace");
  let reply = -1;
  const begun = call.effect(() => {
    reply = begin(call, deed);
    return reply;
  });
  return begun < 0
    ? unable(errnoOf(begun), call.name, "no process can be started")
    : waitFor(call, deed, reply, conclude);
}

function begin(call: Call, deed: Deed): number {
  const ends = replyPair();
  if (ends === null) return -E.MFILE;
  const [own, theirs] = ends;
  let request = -1;
  try {
    call.target.keep(own);
    request = memoryFile(requestBytes(deed, wornBy(call, deed), process.pid));
    if (request < 0) return request;
    reap();
    const pid = spawnProcess(IMPERSONATOR, [], [], [theirs, request, ...deed.descriptors]);
    const pidfd = sys("pidfd_open", pid, 0);
    call.whenClosed(() => {
      sys("pidfd_send_signal", pidfd, SIGKILL, null, 0);
      close(pidfd);
    });
    return own;
  } catch (cause) {
    if (!(cause instanceof ErrnoError)) throw cause;
    return notTaken(`${cause.message}; build Cofferdam again if it is not there`);
  } finally {
    close(theirs);
    close(request);
  }
}

/** The target's ids and, of its capabilities, those that the mediator has and the policy grants. */
function wornBy(call: Call, { asPermitted }: Deed): Parameters<typeof requestBytes>[1] {
  const { credentials } = call.target;
  const own = call.broker.identity.own.effective;
  const lent = call.supervised ? own & call.broker.grantedCapabilities : own;
  return {
    ...credentials,
    permitted: credentials.permitted & (asPermitted ? own : lent),
    effective: credentials.effective & lent,
  };
}

function waitFor(call: Call, deed: Deed, reply: number, conclude: Conclude): Outcome {
  const timer = call.target.keep(makeTimer());
  const bell = call.target.keep(watched([timer, POLLIN], [reply, POLLIN]));
  const until = performance.now() + (deed.waits ? Number.POSITIVE_INFINITY : IMPERSONATOR_MS_MAX);
  const again = (): Pending => {
    ring(timer, deed.waits ? IMPERSONATOR_LOOK_MS : IMPERSONATOR_MS_MAX);
    return { kind: "pending", fd: bell, events: POLLIN, resume };
  };
  const resume = (): Outcome => {
    const told = receive(reply, impersonatorReply.size, 1);
    if (told.kind !== "nothing") return concluded(call, told, conclude);
    if (performance.now() >= until)
      return unable(E.IO, call.name, "the process that acts as the target was stopped");
    // Interrupts the impersonator's call: it returns EINTR or a partial result. The target handles
    // the signal.
    if (deed.waits && isInterrupted(call)) sys("write", reply, Buffer.alloc(1), 1);
    return again();
  };
  return bell < 0 ? unable(errnoOf(bell), call.name, "no reply can be waited for") : again();
}

function concluded(
  call: Call,
  told: Exclude<ReturnType<typeof receive>, { kind: "nothing" }>,
  conclude: Conclude,
): Outcome {
  if (told.kind === "error" || told.bytes.length < impersonatorReply.size)
    return unable(E.IO, call.name, "the process that acted as the target ended: outcome unknown");
  const { result: value, state } = impersonatorReply.decode(told.bytes);
  if (state === NOT_BECOME) notTaken("not all of it");
  return conclude(Number(value), told.descriptors[0] ?? null);
}

const NOT_BECOME = 0n;

/** Packet sockets, so that a reply arrives whole: the mediator's end and the impersonator's. */
export const replyPair = () => socketPair(SOCK_SEQPACKET | SOCK_CLOEXEC);

function memoryFile(bytes: Buffer): number {
  const fd = sys("memfd_create", c("request"), abi.MFD_CLOEXEC | abi.MFD_NOEXEC_SEAL);
  if (fd < 0) return fd;
  const written = sys("pwrite64", fd, bytes, bytes.length, 0);
  if (written === bytes.length) return fd;
  close(fd);
  return written < 0 ? written : -E.IO;
}
