import { type Outcome, result, unable } from "../../answer/outcome.ts";
import { abi, E, POLLIN } from "../../sys/abi.ts";
import { isReady, sys } from "../../sys/sys.ts";
import type { Call } from "../call.ts";
import { impersonate } from "./impersonator.ts";

/**
 * Makes a call on another thread of the caller's process, by number, as the caller. The number
 * could be reused meanwhile, so a pidfd watches the thread. Before the call it must live and belong
 * to the process. If it no longer lives afterwards, the call may have hit another thread, and its
 * outcome is reported as unknown. null if the number is no thread of the process, if the kernel has
 * no pidfds of threads (before 6.9), and in another pid namespace, where the number means another
 * thread.
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
