import {
  SIG_SETMASK,
  SIGABRT,
  SIGBUS,
  SIGCHLD,
  SIGFPE,
  SIGILL,
  SIGKILL,
  SIGSEGV,
  SIGSTOP,
  SIGTRAP,
} from "../../kernel/constants.ts";
import { kernelSigaction } from "../../kernel/structs.ts";
import { sys } from "../sys/sys.ts";

/**
 * Faults of the process itself must still end it; SIGKILL, SIGSTOP cannot be held back; SIGCHLD is
 * ignored anyway.
 */
const LEFT_ALONE = new Set([
  SIGILL,
  SIGTRAP,
  SIGABRT,
  SIGBUS,
  SIGFPE,
  SIGKILL,
  SIGSEGV,
  SIGCHLD,
  SIGSTOP,
]);
const SIGNALS = 64;
const SIG_IGN = 1n;
const MASK_BYTES = SIGNALS / 8;

/**
 * A signal in the middle of a reply would lose it, and one that ends the mediator fails every call
 * in flight: all are blocked on this thread, and ignored where another of Node's threads would take
 * them. Holder and kernel end the mediator by SIGKILL or by closing the listener.
 */
export function ignoreSignals(): void {
  const ignore = kernelSigaction.encode({ sa_handler: SIG_IGN });
  let bits = 0n;
  for (let signal = 1; signal <= SIGNALS; signal++) {
    if (LEFT_ALONE.has(signal)) continue;
    sys("rt_sigaction", signal, ignore, null, MASK_BYTES);
    bits |= 1n << BigInt(signal - 1);
  }
  const mask = Buffer.from(BigUint64Array.of(bits).buffer);
  if (sys("rt_sigprocmask", SIG_SETMASK, mask, null, MASK_BYTES) < 0)
    throw new Error("signals cannot be blocked");
}
