import {
  SIG_BLOCK,
  SIG_SETMASK,
  SIG_UNBLOCK,
  SIGABRT,
  SIGBUS,
  SIGCHLD,
  SIGFPE,
  SIGILL,
  SIGKILL,
  SIGSEGV,
  SIGSTOP,
  SIGTERM,
  SIGTRAP,
} from "../../kernel/constants.ts";
import { kernelSigaction } from "../../kernel/structs.ts";
import { sys } from "../sys/sys.ts";

/**
 * A fault in the mediator must still end it, SIGKILL and SIGSTOP cannot be blocked, and SIGCHLD is
 * ignored already.
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
const SIG_DFL = 0n;
const SIG_IGN = 1n;
const MASK_BYTES = SIGNALS / 8;

/**
 * Keeps signals from interrupting a reply, which would lose it, and from ending the mediator, which
 * would fail every call in flight. Signals are blocked on this thread, and ignored because another
 * of Node's threads could still take them. The holder and the kernel end a mediator by SIGKILL or
 * by closing the listener. `termEnds`: SIGTERM ends it until {@link letTermEnd} says otherwise,
 * because it serves nobody yet.
 */
export function ignoreSignals(termEnds: boolean): void {
  const ignore = kernelSigaction.encode({ sa_handler: SIG_IGN });
  let bits = 0n;
  for (let signal = 1; signal <= SIGNALS; signal++) {
    if (LEFT_ALONE.has(signal) || (termEnds && signal === SIGTERM)) continue;
    sys("rt_sigaction", signal, ignore, null, MASK_BYTES);
    bits |= 1n << BigInt(signal - 1);
  }
  const mask = Buffer.from(BigUint64Array.of(bits).buffer);
  if (sys("rt_sigprocmask", SIG_SETMASK, mask, null, MASK_BYTES) < 0)
    throw new Error("signals cannot be blocked");
}

/**
 * Whether SIGTERM ends this process. At the host's end systemd-shutdown(8) sends it to whatever
 * runs outside of units, and waits a minute and a half for a process that ignores it. A mediator
 * that serves nobody has no call in flight. A SIGTERM that came before ends it now, unless another
 * of Node's threads has taken it.
 */
export function letTermEnd(ends: boolean): void {
  const action = kernelSigaction.encode({ sa_handler: ends ? SIG_DFL : SIG_IGN });
  sys("rt_sigaction", SIGTERM, action, null, MASK_BYTES);
  const mask = Buffer.from(BigUint64Array.of(1n << BigInt(SIGTERM - 1)).buffer);
  sys("rt_sigprocmask", ends ? SIG_UNBLOCK : SIG_BLOCK, mask, null, MASK_BYTES);
}
