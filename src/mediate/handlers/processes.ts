import { E } from "../abi.ts";
import type { Call } from "../call.ts";
import type { Handler } from "../handler.ts";
import { CONTINUE, unable } from "../outcome.ts";

/** Index of the argument that names a process or thread. */
function process(who: number): Handler {
  return {
    continueIsSafe: (call) => isCaller(call, call.int(who)),
    answer(call) {
      const number = call.int(who);
      return isCaller(call, number) ? CONTINUE : unable(E.PERM, call.name, `process ${number}`);
    },
  };
}

/**
 * CONTINUE is safe here although nothing below checks: the number is a register, and it is the caller's own (or 0, which means it), which cannot be given to another
 * process while this very thread waits for the answer.
 */
function isCaller(call: Call, number: number): boolean {
  const { ownTgid, ownTid } = call.target.credentials;
  call.check();
  return number === 0 || (number > 0 && (number === ownTgid || number === ownTid));
}

/** setpriority(which, who) and ioprio_set(which, who): `which` tells whether `who` is a process at all. */
function priority(processKind: number): Handler {
  const one = process(1);
  return {
    continueIsSafe: (call) => call.int(0) === processKind && one.continueIsSafe(call),
    answer: (call) =>
      call.int(0) === processKind ? one.answer(call) : unable(E.PERM, call.name, `kind ${call.int(0)}`),
  };
}

export const ownProcess = process(0);
/** Signals to the own process, on kernels whose Landlock has no scope for them; 0 and less mean groups there. */
export const ownSignal: Handler = {
  continueIsSafe: (call) => call.int(0) > 0 && ownProcess.continueIsSafe(call),
  answer: (call) => (ownSignal.continueIsSafe(call) ? CONTINUE : unable(E.PERM, call.name, `process ${call.int(0)}`)),
};
/** PRIO_PROCESS (sys/resource.h) and IOPRIO_WHO_PROCESS (linux/ioprio.h). */
export const setPriority = priority(0);
export const setIoPriority = priority(1);
