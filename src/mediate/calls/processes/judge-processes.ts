import {
  PIDFD_SIGNAL_PROCESS_GROUP,
  PIDFD_SIGNAL_THREAD,
  PIDFD_SIGNAL_THREAD_GROUP,
} from "../../../kernel/constants.ts";
import type { ProcessCall } from "../../../kernel/system-calls/call.ts";
import { judgeCapabilities } from "../../../kinds/capabilities/mediate.ts";
import { CONTINUE, error, type Outcome, result, unable } from "../../answer/outcome.ts";
import { E } from "../../sys/abi.ts";
import { errnoOf } from "../../sys/errno.ts";
import type { Call } from "../call.ts";
import { maybeClosed, sameFile } from "../descriptors/same-file.ts";
import { FIRST_DESCRIPTOR, impersonate } from "../impersonator/impersonator.ts";
import { judgeOwnCoreLimit, setsCoreLimit } from "./core-limit.ts";
import { judgeAll, type Operation } from "./judge-process.ts";
import { heldProcess, kindOf, membersOf, namedProcesses } from "./named-processes.ts";
import { judgeJoin } from "./process-group.ts";
import { scheduledWithout } from "./scheduled-without.ts";

type Target = ProcessCall["targets"][number];

/**
 * Judges the processes that a call names by number or descriptor. Numbers are registers: the
 * processes behind them are judged, and the kernel then makes the call with the target's own
 * credentials. The domain cannot make a judged number mean an outside process meanwhile: the kernel
 * reuses a process id only after all others. For groups see `process-group.ts`.
 */
export function judgeProcesses(call: Call, row: ProcessCall): Outcome {
  const { operation } = row;
  if (setsCoreLimit(call)) return judgeOwnCoreLimit(call);
  if (operation === "join") return judgeJoin(call, call.int(0), call.int(1)) ?? CONTINUE;
  if (row.signal !== undefined && call.int(row.signal) === 0) return CONTINUE;
  const [first] = row.targets;
  if (first?.kind === "pidfd") return byDescriptor(call, row, operation, call.int(first.register));
  for (const target of row.targets) {
    const refused = judgeNumber(call, target, operation, call.int(target.register));
    if (refused !== null) return refused;
  }
  const lacked = row.capabilities === undefined ? null : judgeCapabilities(call, row.capabilities);
  return lacked === null ? CONTINUE : scheduledWithout(call, lacked);
}

/** null if the domain may do that to every process that the number means. */
export function judgeNumber(
  call: Call,
  target: Target,
  operation: Operation,
  number: number,
): Outcome | null {
  const { sharesPidNamespace, ownTgid, ownTid } = call.target.credentials;
  if (target.kind === "which" && kindOf(call, target) === undefined) return null;
  const isProcess = target.kind !== "which" || kindOf(call, target) === "process";
  const isSelf = number === ownTgid || number === ownTid || (number === 0 && target.zeroIsSelf);
  if (isProcess && isSelf) {
    call.check();
    return null;
  }
  if (!sharesPidNamespace)
    return unable(E.PERM, call.name, `process ${number} of another pid namespace`);
  const named = namedProcesses(call, target, number);
  if (named === null) return unable(E.PERM, call.name, "a process group of another pid namespace");
  // ESRCH and not CONTINUE, because such a process may exist by the time the kernel looks.
  return named.length === 0 ? error(E.SRCH) : judgeAll(call, named, operation);
}

/** Descriptors in `linux/pidfd.h` that stand for the calling thread and for its process. */
const PIDFD_SELF_THREAD = -10_000;
const PIDFD_SELF_THREAD_GROUP = -10_001;

/**
 * A call on a pidfd. A target with a single thread makes the call itself. Another thread could put
 * another pidfd in its place, so for several threads the mediator acts on the copy that it judged,
 * and signals then carry the mediator's process id. A descriptor that cannot be copied is an error
 * and no denial: the mediator may lack descriptors itself.
 */
function byDescriptor(
  call: Call,
  row: ProcessCall,
  operation: Operation,
  descriptor: number,
): Outcome {
  if (descriptor === PIDFD_SELF_THREAD || descriptor === PIDFD_SELF_THREAD_GROUP) {
    const { tid, credentials } = call.target;
    const pid = descriptor === PIDFD_SELF_THREAD ? tid : credentials.tgid;
    return judgeReached(call, row, operation, pid) ?? CONTINUE;
  }
  if (descriptor < 0) return error(E.BADF);
  const fd = sameFile(call, descriptor);
  if (fd < 0) return fd === -E.BADF && call.isAlone ? CONTINUE : error(errnoOf(fd));
  const pid = heldProcess(fd);
  if (pid === null) return error(E.BADF);
  if (pid < 0) return error(E.SRCH);
  return judgeReached(call, row, operation, pid) ?? (call.isAlone ? CONTINUE : onCopy(call, fd));
}

/** The scopes of pidfd_send_signal(2). */
const SCOPES: ReadonlySet<number> = new Set([
  0,
  PIDFD_SIGNAL_THREAD,
  PIDFD_SIGNAL_THREAD_GROUP,
  PIDFD_SIGNAL_PROCESS_GROUP,
]);

/** null if the domain may do that to every process that the call reaches. */
function judgeReached(
  call: Call,
  row: ProcessCall,
  operation: Operation,
  pid: number,
): Outcome | null {
  const scope = row.scope === undefined ? 0 : call.unsigned(row.scope);
  // A newer kernel may take an unknown scope to mean several processes.
  if (!SCOPES.has(scope)) return error(E.INVAL);
  const reached = scope === PIDFD_SIGNAL_PROCESS_GROUP ? membersOf(call, pid) : [pid];
  return reached.length === 0 ? error(E.SRCH) : judgeAll(call, reached, operation);
}

/** siginfo_t (`asm-generic/siginfo.h`). */
const SIGNAL_INFORMATION_BYTES = 128;

function onCopy(call: Call, fd: number): Outcome {
  const descriptors = [fd];
  const first = FIRST_DESCRIPTOR;
  switch (call.name) {
    case "pidfd_getfd": {
      const args = [first, call.int(1), call.unsigned(2)];
      const deed = { descriptors, steps: [{ name: call.name, args }], givesDescriptor: true };
      return impersonate(call, deed, (value, got) =>
        got === null ? result(value) : handedOn(call, got),
      );
    }
    case "pidfd_send_signal": {
      const at = call.word(2);
      const information =
        at === 0n ? null : { bytes: call.target.memory.read(at, SIGNAL_INFORMATION_BYTES) };
      const args = [first, call.int(1), information, call.unsigned(3)];
      return impersonate(call, { descriptors, steps: [{ name: call.name, args }] });
    }
    case "process_mrelease": {
      const args = [first, call.unsigned(1)];
      return impersonate(call, { descriptors, steps: [{ name: call.name, args }] });
    }
    default:
      return unable(E.PERM, call.name, "asked by a process with several threads");
  }
}

/** The mediator will close its copy once the target has the descriptor. */
function handedOn(call: Call, fd: number): Outcome {
  return maybeClosed(call, fd)
    ? { kind: "descriptor", fd, closeOnExec: true }
    : unable(E.IO, call.name, "a file of a file system that may not answer");
}
