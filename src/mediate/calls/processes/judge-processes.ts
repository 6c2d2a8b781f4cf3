import type { ProcessCall } from "../../../kernel/mediated-calls/call.ts";
import { CONTINUE, error, type Outcome, result, unable } from "../../answer/outcome.ts";
import { E } from "../../sys/abi.ts";
import { sys } from "../../sys/sys.ts";
import { sameFile } from "../../target/same-file.ts";
import type { Call } from "../call.ts";
import { judgeAll, judgeProcess, type Operation } from "./judge-process.ts";
import { heldProcess, namedProcesses } from "./named-processes.ts";

type Target = ProcessCall["targets"][number];

/**
 * Who a call is about, by number or descriptor, and whether the policy lets the domain do that to
 * them. Numbers are registers: what they stand for is judged, and the kernel is left to do it. (A
 * number could only be given to somebody else within the microseconds between, if its process ended
 * just then.)
 */
export function judgeProcesses(call: Call, row: ProcessCall): Outcome {
  if (row.signal !== undefined && call.int(row.signal) === 0) return CONTINUE;
  const [first] = row.targets;
  if (first?.kind === "pidfd") return byDescriptor(call, row, first);
  for (const target of row.targets) {
    const refused = judgeTarget(call, target, row.operation);
    if (refused !== null) return refused;
  }
  return CONTINUE;
}

function judgeTarget(call: Call, target: Target, operation: Operation): Outcome | null {
  const number = call.int(target.register);
  const { tgid, ownTgid, ownTid } = call.target.credentials;
  if ((number === 0 && target.zeroIsSelf) || number === ownTgid || number === ownTid) {
    call.check();
    return null;
  }
  if (tgid !== ownTgid)
    return unable(E.PERM, call.name, `process ${number} of another pid namespace`);
  return judgeAll(call, namedProcesses(call, target, number), operation);
}

/**
 * A descriptor of a process. Another thread could put another one in its place: the mediator acts
 * on a copy of the one it judged, for which the signal carries its own process id; with a single
 * thread the target acts itself. What could not be looked at is not left to it: it may be the
 * mediator that has no descriptor left.
 */
function byDescriptor(call: Call, row: ProcessCall, target: Target): Outcome {
  const fd = sameFile(call, call.int(target.register));
  if (fd < 0) return fd === -E.BADF && call.isAlone ? CONTINUE : error(-fd);
  const pid = heldProcess(fd);
  if (pid === null) return error(E.BADF);
  if (pid < 0) return error(E.SRCH);
  const refused = judgeProcess(call, pid, row.operation);
  if (refused !== null) return refused;
  return call.isAlone ? CONTINUE : onCopy(call, fd);
}

function onCopy(call: Call, fd: number): Outcome {
  switch (call.name) {
    case "pidfd_getfd": {
      const got = call.asTarget(
        () => call.effect(() => sys("pidfd_getfd", fd, call.int(1), call.unsigned(2))),
        true,
      );
      return got < 0 ? result(got) : { kind: "descriptor", fd: got, closeOnExec: true };
    }
    case "pidfd_send_signal":
      return result(
        call.asTarget(
          () =>
            call.effect(() => sys("pidfd_send_signal", fd, call.int(1), null, call.unsigned(3))),
          true,
        ),
      );
    case "process_mrelease":
      return result(
        call.asTarget(() => call.effect(() => sys("process_mrelease", fd, call.unsigned(1))), true),
      );
    default:
      return unable(E.PERM, call.name, "asked by a process with several threads");
  }
}
