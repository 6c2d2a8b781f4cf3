import { FIOASYNC, ownerCommands, socketOwnerRequests } from "../../../kernel/argument-names.ts";
import { F_SETFL } from "../../../kernel/constants.ts";
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
  continueIsSafe: (call) => (reachesAll(call) || asksForInput(call)) && isSafe(call),
  answer: (call) => (reachesAll(call) || asksForInput(call) ? judged(call) : refuseForm(call)),
};

/** ioctl: what does not name an owner is for `rest`. */
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
 * Signals for input, which go to the descriptor's owner, or to a terminal's foreground group. What
 * FIOASYNC has in memory switches them on or off: both are judged as on.
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

/** What is asked lies in registers, and a descriptor among them nobody else can exchange. */
function isSafe(call: Call): boolean {
  const inMemory =
    (call.name === "ioctl" && !asksForInput(call)) ||
    (call.name === "fcntl" && call.unsigned(1) === ownerCommands.F_SETOWN_EX);
  const byDescriptor = call.name === "pidfd_send_signal" && !call.isAlone;
  return !inMemory && !byDescriptor && judged(call).kind === "continue";
}
