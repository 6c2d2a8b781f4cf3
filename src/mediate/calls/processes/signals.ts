import { ownerCommands, socketOwnerRequests } from "../../../kernel/argument-names.ts";
import { mediatedCall } from "../../../kernel/mediated-calls/table.ts";
import { decide } from "../../../model/decide.ts";
import type { Outcome } from "../../answer/outcome.ts";
import { refuseForm } from "../../answer/refuse-call.ts";
import type { Call } from "../call.ts";
import { judgeDescriptor } from "../descriptors/judge-descriptor.ts";
import type { Handler } from "../handler.ts";
import { judgeProcesses } from "./judge-processes.ts";
import { ownSignal } from "./scheduling.ts";

/**
 * Signals of a sealed domain, and who gets those of a descriptor: asked about where no Landlock
 * scope keeps them inside. A policy that grants `any` grants everybody but Cofferdam's own
 * processes.
 */
export const signal: Handler = {
  continueIsSafe: (call) => (reachesAll(call) ? isSafe(call) : ownSignal.continueIsSafe(call)),
  answer: (call) => (reachesAll(call) ? judged(call) : ownSignal.answer(call)),
};

/** fcntl, of which nothing but owners is asked about, and pidfd_send_signal. */
export const signalOrNone: Handler = {
  continueIsSafe: (call) => reachesAll(call) && isSafe(call),
  answer: (call) => (reachesAll(call) ? judged(call) : refuseForm(call)),
};

/** ioctl: what does not name an owner is for `rest`. */
export function ownerOr(rest: Handler): Handler {
  const of = (call: Call): Handler =>
    Object.values(socketOwnerRequests).includes(call.unsigned(1)) && reachesAll(call)
      ? signalOrNone
      : rest;
  return {
    continueIsSafe: (call) => of(call).continueIsSafe(call),
    answer: (call) => of(call).answer(call),
  };
}

function reachesAll(call: Call): boolean {
  return decide(call.broker.policy, { class: "signal", domain: "superDom" }).outcome === "granted";
}

function judged(call: Call): Outcome {
  const row = mediatedCall(call.name);
  if (row?.class === "process") return judgeProcesses(call, row);
  return judgeDescriptor(call) ?? refuseForm(call);
}

/** What is asked lies in registers, and a descriptor among them nobody else can exchange. */
function isSafe(call: Call): boolean {
  const inMemory =
    call.name === "ioctl" ||
    (call.name === "fcntl" && call.unsigned(1) === ownerCommands.F_SETOWN_EX);
  const byDescriptor = call.name === "pidfd_send_signal" && !call.isAlone;
  return !inMemory && !byDescriptor && judged(call).kind === "continue";
}
