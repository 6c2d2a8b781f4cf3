import { type Outcome, result, unable } from "../../answer/outcome.ts";
import { abi, E, POLLIN } from "../../sys/abi.ts";
import { isReady, sys } from "../../sys/sys.ts";
import type { Call } from "../call.ts";
import { impersonate } from "./impersonator.ts";

/**
 * A call on another thread of the caller's own process, by number, as the caller. The number could
 * be given away meanwhile, so the thread is held by a pidfd: before, it must live and belong to the
 * process; if it does not live afterwards, nobody knows whom the call was about, and that is said.
 * null for a number that is no such thread, on kernels without pidfds of threads (6.9), and in
 * another pid namespace, where numbers mean others.
 */
export function onSibling(
  call: Call,
  thread: number,
  args: () => readonly (number | Buffer | null)[],
): Outcome | null {
  const { tgid, sharesPidNamespace } = call.target.credentials;
  if (!sharesPidNamespace) return null;
  const pidfd = call.target.keep(sys("pidfd_open", thread, abi.PIDFD_THREAD));
  if (pidfd < 0 || call.broker.threads.processOf(thread) !== tgid || !lives(pidfd)) return null;
  const given = args().map((one) => (Buffer.isBuffer(one) ? { bytes: one } : one));
  const deed = { descriptors: [], steps: [{ name: call.name, args: given }] };
  return impersonate(call, deed, (value) =>
    lives(pidfd)
      ? result(value)
      : unable(E.SRCH, call.name, `thread ${thread} ended meanwhile: outcome unknown`),
  );
}

/** A pidfd becomes readable when its thread ends. */
function lives(pidfd: number): boolean {
  return !isReady(pidfd, POLLIN, 0);
}
