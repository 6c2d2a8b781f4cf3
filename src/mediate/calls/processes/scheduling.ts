import { CONTINUE, never, type Outcome } from "../../answer/outcome.ts";
import { E } from "../../sys/abi.ts";
import type { Call } from "../call.ts";
import type { Handler } from "../handler.ts";
import { onSibling } from "../impersonator/sibling.ts";

type Make = (call: Call) => readonly (number | Buffer | null)[];

/**
 * A call whose argument `who` names a process or thread. `others` reads the arguments for a call on
 * another thread of the same process; null refuses such calls.
 */
function process(who: number, others: Make | null): Handler {
  return {
    continueIsSafe: (call) => isCaller(call, call.int(who)),
    answer(call) {
      const number = call.int(who);
      if (isCaller(call, number)) return CONTINUE;
      return others === null || number <= 0
        ? foreign(call, number)
        : onOther(call, number, who, others(call));
    },
  };
}

function foreign(call: Call, number: number): Outcome {
  return never(E.PERM, call.name, `process ${number}`);
}

function onOther(
  call: Call,
  number: number,
  who: number,
  read: readonly (number | Buffer | null)[],
): Outcome {
  const outcome = onSibling(call, number, () => {
    const args = [...read];
    args[who] = number;
    return args;
  });
  return outcome ?? foreign(call, number);
}

/**
 * CONTINUE is safe although no lower layer checks. The number is in a register and means the caller
 * (its own number, or 0). It cannot be reused while this thread waits for the answer.
 */
function isCaller(call: Call, number: number): boolean {
  const { ownTgid, ownTid } = call.target.credentials;
  call.check();
  return number === 0 || (number > 0 && (number === ownTgid || number === ownTid));
}

/** setpriority(which, who) and ioprio_set(which, who): `which` says whether `who` is a process. */
function priority(processKind: number): Handler {
  const one = process(1, (call) => [processKind, 0, call.int(2)]);
  return {
    continueIsSafe: (call) => call.int(0) === processKind && one.continueIsSafe(call),
    answer: (call) =>
      call.int(0) === processKind
        ? one.answer(call)
        : never(E.PERM, call.name, `kind ${call.int(0)}`),
  };
}

/**
 * Limit on a set of processors, bytes. The kernel reads no more than its own size
 * (sched_setaffinity(2)).
 */
const PROCESSOR_SET_BYTES_MAX = 1024;
const PARAMETER_BYTES = 4;
/** struct sched_attr (sched_setattr(2)): its first size, and a page as the limit. */
const ATTRIBUTES_BYTES_MIN = 48;
const ATTRIBUTES_BYTES_MAX = 4096;

/** struct sched_param. */
export function parameterOf(call: Call, pointer: bigint): Buffer {
  return call.target.memory.read(pointer, PARAMETER_BYTES);
}

export function attributesOf(call: Call, pointer: bigint): Buffer {
  const said = call.target.memory.read(pointer, PARAMETER_BYTES).readUInt32LE(0);
  const size = Math.min(said === 0 ? ATTRIBUTES_BYTES_MIN : said, ATTRIBUTES_BYTES_MAX);
  return call.target.memory.read(pointer, size);
}

/** Resource limits belong to the process, so only its own number is allowed. */
export const ownProcess = process(0, null);
export const affinity = process(0, (call) => {
  const size = Math.min(call.unsigned(1), PROCESSOR_SET_BYTES_MAX);
  return [0, size, call.target.memory.read(call.word(2), size)];
});
export const scheduler = process(0, (call) => [0, call.int(1), parameterOf(call, call.word(2))]);
export const parameter = process(0, (call) => [0, parameterOf(call, call.word(1))]);
export const schedulingAttributes = process(0, (call) => [
  0,
  attributesOf(call, call.word(1)),
  call.unsigned(2),
]);
/**
 * Signals to the caller's own process, on kernels whose Landlock has no scope for signals. 0 and
 * negative numbers mean groups.
 */
export const ownSignal: Handler = {
  continueIsSafe: (call) => call.int(0) > 0 && ownProcess.continueIsSafe(call),
  answer: (call) =>
    ownSignal.continueIsSafe(call) ? CONTINUE : never(E.PERM, call.name, `process ${call.int(0)}`),
};
/** PRIO_PROCESS (sys/resource.h) and IOPRIO_WHO_PROCESS (linux/ioprio.h). */
export const setPriority = priority(0);
export const setIoPriority = priority(1);
