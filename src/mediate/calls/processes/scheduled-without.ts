import {
  IOPRIO_CLASS_RT,
  IOPRIO_CLASS_SHIFT,
  SCHED_DEADLINE,
  SCHED_FIFO,
  SCHED_RESET_ON_FORK,
  SCHED_RR,
} from "../../../kernel/constants.ts";
import { schedAttr } from "../../../kernel/structs.ts";
import { withoutCapability } from "../../../kinds/capabilities/mediate.ts";
import { CONTINUE, type Outcome, type Refused } from "../../answer/outcome.ts";
import { sys } from "../../sys/sys.ts";
import type { Call } from "../call.ts";
import { impersonate } from "../impersonator/impersonator.ts";
import type { Deed } from "../impersonator/impersonator-request.ts";
import { kindOf } from "./named-processes.ts";
import { softLimit } from "./resource-limits.ts";
import { attributesOf, parameterOf } from "./scheduling.ts";

/** sched_setparam keeps the scheduling policy. */
const AS_IT_IS = -1;
/** RLIMIT_NICE is this number minus the nice value (getrlimit(2)). */
const NICE_CEILING = 20;

/**
 * Scheduling of processes of the domain by a process with a capability that the policy does not
 * grant. Whether the kernel requires the capability depends on memory, limits and the present
 * scheduling. So an impersonator without the capability makes the call with a copy of the
 * arguments, and the kernel answers as to a process without it.
 */
export function scheduledWithout(call: Call, lacked: Refused): Outcome {
  const asked = askedOf(call);
  if (call.rehearses) return isMore(call, asked) ? lacked : CONTINUE;
  const steps: Deed["steps"] = [{ name: call.name, args: asked.args }];
  return impersonate(call, { descriptors: [], steps, asPermitted: true }, (value) =>
    withoutCapability(lacked, value),
  );
}

interface Asked {
  readonly args: Deed["steps"][number]["args"];
  /** null if none is requested. */
  readonly priority: number | null;
  readonly nice: number | null;
  /** The request takes the capability whatever the limits are. */
  readonly always: boolean;
}

function askedOf(call: Call): Asked {
  const nothing = { priority: null, nice: null, always: false };
  const thread = call.int(0) || call.target.tid;
  switch (call.name) {
    case "sched_setscheduler": {
      const parameter = parameterOf(call, call.word(2));
      const args = [thread, call.int(1), { bytes: parameter }];
      const policy = call.int(1) & ~SCHED_RESET_ON_FORK;
      return { ...nothing, args, ...ofPolicy(policy, parameter.readInt32LE(0)) };
    }
    case "sched_setparam": {
      const parameter = parameterOf(call, call.word(1));
      const args = [thread, { bytes: parameter }];
      return { ...nothing, args, ...ofPolicy(AS_IT_IS, parameter.readInt32LE(0)) };
    }
    case "sched_setattr": {
      const attributes = attributesOf(call, call.word(1));
      const args = [thread, { bytes: attributes }, call.unsigned(2)];
      if (attributes.length < schedAttr.offset.sched_priority + 4) return { ...nothing, args };
      const policy = attributes.readUInt32LE(schedAttr.offset.sched_policy);
      const priority = attributes.readUInt32LE(schedAttr.offset.sched_priority);
      const nice = attributes.readInt32LE(schedAttr.offset.sched_nice);
      return { ...nothing, args, nice, ...ofPolicy(policy, priority) };
    }
    default: {
      const args = [call.int(0), chosen(call), call.int(2)];
      if (call.name === "setpriority") return { ...nothing, args, nice: call.int(2) };
      return { ...nothing, args, always: call.int(2) >> IOPRIO_CLASS_SHIFT === IOPRIO_CLASS_RT };
    }
  }
}

function ofPolicy(policy: number, priority: number): Partial<Asked> {
  const isRealTime = policy === SCHED_FIFO || policy === SCHED_RR || policy === AS_IT_IS;
  if (isRealTime && priority > 0) return { priority, nice: null };
  return policy === SCHED_DEADLINE ? { always: true } : {};
}

/** setpriority and ioprio_set: 0 means the caller's own thread, group or user. */
function chosen(call: Call): number {
  const number = call.int(1);
  if (number !== 0) return number;
  const { tgid, uid } = call.target.credentials;
  switch (kindOf(call, { register: 1, kind: "which", which: 0, zeroIsSelf: true })) {
    case "process":
      return call.target.tid;
    case "group":
      return sys("getpgid", tgid);
    case "user":
      return uid;
    default:
      return number;
  }
}

/** Guesses whether the request exceeds the limits. Only an event depends on it. */
function isMore(call: Call, { priority, nice, always }: Asked): boolean {
  const below = (limit: string, wanted: number) =>
    BigInt(Math.max(wanted, 0)) > (softLimit(call, limit) ?? 0n);
  if (always) return true;
  if (priority !== null) return below("Max realtime priority", priority);
  if (nice === null) return false;
  // getpriority(2): the system call returns 40 to 1 for nice values from -20.
  const now = NICE_CEILING - sys("getpriority", 0, call.target.tid);
  return nice < now && below("Max nice priority", NICE_CEILING - nice);
}
