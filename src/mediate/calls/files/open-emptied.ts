import { F_GET_SEALS, F_SEAL_SHRINK, O_APPEND } from "../../../kernel/constants.ts";
import { error, type Outcome, WORKER } from "../../answer/outcome.ts";
import { Settled } from "../../answer/settled.ts";
import { abi, E } from "../../sys/abi.ts";
import { errnoOf } from "../../sys/errno.ts";
import { close, openat, self, sys } from "../../sys/sys.ts";
import type { Call } from "../call.ts";

/**
 * Empties a file that was opened without its O_TRUNC, once the target has the descriptor: a call
 * that fails for want of a free number (EMFILE) must not empty the file. Everything that could
 * forbid emptying is checked earlier. Within `asTarget`.
 */
export function emptied(call: Call, flags: number, settled: Outcome): Outcome {
  if (settled.kind !== "descriptor" || (flags & abi.O_TRUNC) === 0 || (flags & abi.O_PATH) !== 0)
    return settled;
  try {
    return prepared(call, flags, settled);
  } catch (cause) {
    close(settled.fd);
    throw cause;
  }
}

function prepared(call: Call, flags: number, settled: Outcome & { kind: "descriptor" }): Outcome {
  const writer = mayEmpty(flags) ? settled.fd : call.target.keep(writing(call, settled.fd));
  const empty = (): number =>
    call.asTarget(() => call.effect(() => sys("ftruncate", writer, 0)), { makes: false });
  if (writer >= 0 && !isSealed(writer)) return { ...settled, afterwards: empty };
  const done = writer < 0 ? writer : empty();
  if (done === 0) return settled;
  close(settled.fd);
  return error(errnoOf(done));
}

/**
 * Whether the descriptor itself allows emptying: it is open for writing, and not for appending. An
 * append-only file can be opened for appending and must not be emptied.
 */
function mayEmpty(flags: number): boolean {
  return (flags & abi.O_ACCMODE) !== 0 && (flags & O_APPEND) === 0;
}

/** Memory that is sealed against shrinking. Trying to empty it does no harm. */
function isSealed(fd: number): boolean {
  const seals = sys("fcntl", fd, F_GET_SEALS, 0);
  return seals > 0 && (seals & F_SEAL_SHRINK) !== 0;
}

/** Does not wait for the holder of a lease; a worker does. */
function writing(call: Call, fd: number): number {
  const { mayWait } = call.broker;
  const writer = call.effect(() =>
    openat(abi.AT_FDCWD, self(fd), abi.O_WRONLY | (mayWait ? 0 : abi.O_NONBLOCK)),
  );
  if (writer === -E.AGAIN && !mayWait) throw new Settled(WORKER);
  return writer;
}
