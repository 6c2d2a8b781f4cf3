import { name as syscallName } from "../../kernel/syscalls.ts";
import type { Level } from "../../model/policy.ts";
import { type Answer, CONTINUE, goesOn, type Refused, unable } from "../answer/outcome.ts";
import type { Broker } from "../domain/broker.ts";
import { abi, E } from "../sys/abi.ts";
import { noteForeign } from "./state/confinement.ts";
import { forgetAll } from "./state/forget.ts";

export interface Received {
  readonly number: number;
  /** AUDIT_ARCH_*. */
  readonly architecture: number;
  /** 0 outside the mediator's pid namespace. */
  readonly tid: number;
}

/**
 * Refuses calls of other architectures and x32, whose numbers mean other calls, and calls of a
 * thread in another pid namespace, which cannot be examined. null for every other call.
 */
export function foreignCall(
  broker: Broker,
  { number, architecture, tid }: Received,
): Answer | null {
  const known = architecture === abi.AUDIT_ARCH_X86_64 ? syscallName(number) : null;
  if (known !== null && tid !== 0) return null;
  // If the level lets it go on, it may invalidate anything that is remembered.
  forgetAll(broker);
  const level = levelOf(broker);
  if (level !== "enforcing") noteForeign(broker, number, tid);
  if (known !== null)
    return byLevel(level, unable(E.PERM, known, "a thread of another pid namespace"));
  return byLevel(
    level,
    unable(E.NOSYS, "call", `number ${number} of architecture 0x${architecture.toString(16)}`),
  );
}

export function afterFailure(broker: Broker, name: string, why: string): Answer {
  return byLevel(levelOf(broker), unable(E.IO, name, why));
}

export function noRoom(broker: Broker, name: string): Answer {
  return byLevel(levelOf(broker), unable(E.AGAIN, name, "too many calls wait"));
}

function levelOf(broker: Broker): Level {
  return broker.supervised ? broker.level() : "enforcing";
}

function byLevel(level: Level, refused: Refused): Answer {
  if (level === "enforcing") return refused;
  return level === "disabled" ? CONTINUE : goesOn(refused.refusal);
}
