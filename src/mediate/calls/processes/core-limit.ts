import { RLIMIT_CORE } from "../../../kernel/constants.ts";
import { rlimit } from "../../../kernel/structs.ts";
import { CONTINUE, error, never, type Outcome, result } from "../../answer/outcome.ts";
import { E } from "../../sys/abi.ts";
import { sys } from "../../sys/sys.ts";
import type { Call } from "../call.ts";
import type { Handler } from "../handler.ts";
import { impersonate } from "../impersonator/impersonator.ts";
import { limitsOf } from "./resource-limits.ts";
import { ownProcess } from "./scheduling.ts";

/**
 * The limit that `native/core-limit.c` sets, bytes. No core file is that small. It is also the only
 * limit at which the kernel does not start the program of a core_pattern with a pipe; at 0 it does.
 * So a process that asks for 0 gets this limit.
 */
const CORE_BYTES_NONE = 1n;

/**
 * setrlimit or prlimit64 of RLIMIT_CORE by the process itself; null if the policy leaves core files
 * to the kernel. `old`: the address for the previous limits, which the mediator does not write. A
 * request below {@link CORE_BYTES_NONE} becomes that limit.
 */
export function judgeCoreLimit(call: Call, wanted: bigint, old: bigint): Outcome | null {
  if (call.broker.policy.coreDumps === "allowed") return null;
  const asked = call.target.memory.read(wanted, rlimit.size);
  const { rlim_cur: soft, rlim_max: hard } = rlimit.decode(asked);
  if (soft > hard) return error(E.INVAL);
  if (soft > CORE_BYTES_NONE || old !== 0n) return refused(call);
  return lower(call, hard);
}

function lower(call: Call, hard: bigint): Outcome {
  const now = limitsOf(call, "Max core file size");
  if (now === null || hard > now.hard) return refused(call);
  const least = max(hard, CORE_BYTES_NONE);
  if (now.hard <= least && now.soft === min(now.hard, CORE_BYTES_NONE))
    return result(call.effect(() => 0));
  const { tgid } = call.target.credentials;
  const limits = rlimit.encode({ rlim_cur: CORE_BYTES_NONE, rlim_max: least });
  const set = call.effect(() => sys("prlimit64", tgid, RLIMIT_CORE, limits, null));
  if (set !== -E.PERM) return result(set);
  // The mediator lacks CAP_SYS_RESOURCE, and the target has become another user.
  const args = [tgid, RLIMIT_CORE, { bytes: limits }, null];
  return impersonate(call, { descriptors: [], steps: [{ name: "prlimit64", args }] });
}

const max = (a: bigint, b: bigint) => (a > b ? a : b);
const min = (a: bigint, b: bigint) => (a < b ? a : b);

function refused(call: Call): Outcome {
  const outcome = never(E.PERM, call.name, "the limit of core files");
  const help = "`core-dumps: allowed` in the policy leaves it to the daemon";
  if (outcome.kind !== "refused") return outcome;
  return { ...outcome, refusal: { ...outcome.refusal, reason: "no-rule", help } };
}

/** Whether a prlimit64 sets the limit of core files, of any process. */
export function setsCoreLimit(call: Call): boolean {
  return (
    call.name === "prlimit64" &&
    call.unsigned(1) === RLIMIT_CORE &&
    call.word(2) !== 0n &&
    call.broker.policy.coreDumps !== "allowed"
  );
}

/** Judges such a prlimit64, which is allowed for the caller's own process only. */
export function judgeOwnCoreLimit(call: Call): Outcome {
  if (!ownProcess.continueIsSafe(call)) return refused(call);
  return judgeCoreLimit(call, call.word(2), call.word(3)) ?? CONTINUE;
}

/** In a sealed domain the limit is at its minimum from the start, so nothing needs to be done. */
export const coreLimit: Handler = {
  onlyLooks: true,
  continueIsSafe: (call) => call.broker.policy.coreDumps === "allowed",
  answer: (call) => judgeCoreLimit(call, call.word(1), 0n) ?? CONTINUE,
};

export const processLimits: Handler = {
  onlyLooks: true,
  continueIsSafe: (call) => !setsCoreLimit(call) && ownProcess.continueIsSafe(call),
  answer: (call) => (setsCoreLimit(call) ? judgeOwnCoreLimit(call) : ownProcess.answer(call)),
};
