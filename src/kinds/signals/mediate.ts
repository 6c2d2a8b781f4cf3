import { FIOASYNC, ownerCommands, socketOwnerRequests } from "../../kernel/argument-names.ts";
import { F_SETFL } from "../../kernel/constants.ts";
import type { Outcome } from "../../mediate/answer/outcome.ts";
import { refuseForm } from "../../mediate/answer/refuse-call.ts";
import type { Call } from "../../mediate/calls/call.ts";
import { judgeDescriptor } from "../../mediate/calls/descriptors/judge-descriptor.ts";
import type { Handler } from "../../mediate/calls/handler.ts";
import { judgeProcesses } from "../../mediate/calls/processes/judge-processes.ts";
import { ownSignal } from "../../mediate/calls/processes/scheduling.ts";
import { decide } from "../../model/decide.ts";

/**
 * Signals of a sealed domain, and owners of a descriptor's signals. Notified if no Landlock scope
 * confines them. A policy that grants `any` grants all processes but Cofferdam's own.
 */
export const signal: Handler = {
  continueIsSafe: (call) => (reachesAll(call) ? isSafe(call) : ownSignal.continueIsSafe(call)),
  answer: (call) => (reachesAll(call) ? judged(call) : ownSignal.answer(call)),
};

/** fcntl (only its owner commands are notified) and pidfd_send_signal. */
export const signalOrNone: Handler = {
  continueIsSafe: (call) => (reachesAll(call) || asksForInput(call)) && isSafe(call),
  answer: (call) => (reachesAll(call) || asksForInput(call) ? judged(call) : refuseForm(call)),
};

/** ioctl: requests other than for owners and input signals are left to `rest`. */
export function ownerOr(rest: Handler): Handler {
  const of = (call: Call): Handler =>
    asksForInput(call) ||
    (Object.values(socketOwnerRequests).includes(call.unsigned(1)) && reachesAll(call))
      ? signalOrNone
      : rest;
  return {
    continueIsSafe: (call) => of(call).continueIsSafe(call),
    answer: (call) => of(call).answer(call),
  };
}

/**
 * Signals for input, which go to the descriptor's owner or a terminal's foreground group. FIOASYNC
 * reads on or off from memory; both are judged as on.
 */
function asksForInput(call: Call): boolean {
  const command = call.unsigned(1);
  return call.name === "ioctl"
    ? command === FIOASYNC
    : call.name === "fcntl" && command === F_SETFL;
}

function reachesAll(call: Call): boolean {
  return decide(call.broker.policy, { class: "signal", domain: "superDom" }).outcome === "granted";
}

function judged(call: Call): Outcome {
  const { row } = call;
  if (row?.class === "process") return judgeProcesses(call, row);
  return judgeDescriptor(call) ?? refuseForm(call);
}

/** The arguments are registers, and no other thread can exchange a descriptor among them. */
function isSafe(call: Call): boolean {
  const inMemory =
    (call.name === "ioctl" && !asksForInput(call)) ||
    (call.name === "fcntl" && call.unsigned(1) === ownerCommands.F_SETOWN_EX);
  const byDescriptor = call.name === "pidfd_send_signal" && !call.isAlone;
  return !inMemory && !byDescriptor && judged(call).kind === "continue";
}
