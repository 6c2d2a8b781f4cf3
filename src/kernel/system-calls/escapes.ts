import { mountCalls, neverGranted } from "../../kinds/syscalls/model.ts";
import { SECCOMP_FILTER_FLAG_NEW_LISTENER, SECCOMP_SET_MODE_FILTER } from "../constants.ts";
import type { EscapeCall } from "./call.ts";
import { answering, everyUse, ifListed, neverAllowed } from "./columns.ts";
import { type Answer, allow, ifBits, ifOneOf, notify, refuse, refuseAbsent } from "./verdict.ts";

/**
 * These calls have rows in another class: whatever the answer, the mediator must drop what it
 * remembers of the thread.
 */
const elsewhere: ReadonlySet<string> = new Set(["setns"]);

function row(name: string, why: string, rest: Partial<EscapeCall> = {}): EscapeCall {
  return {
    class: "namespace-or-escape",
    name,
    why,
    voids: [],
    sealed: neverAllowed(why),
    supervised: everyUse,
    ...rest,
  };
}

/** Libraries that try io_uring fall back only on ENOSYS. */
const saidToBeAbsent = (why: string): Partial<EscapeCall> => ({
  absent: true,
  sealed: neverAllowed(why, refuseAbsent),
  supervised: answering("refused with ENOSYS"),
});

/** The form of seccomp() that makes a listener. */
const newListener = (yes: Answer) =>
  ifOneOf(
    0,
    [SECCOMP_SET_MODE_FILTER],
    ifBits(1, SECCOMP_FILTER_FLAG_NEW_LISTENER, yes, allow),
    allow,
  );

/**
 * Calls that undo a domain's confinement, or act past it on the kernel or the whole host:
 * `kinds/syscalls/model.ts`, and a form of seccomp().
 */
export const escapeCalls: readonly EscapeCall[] = [
  ...neverGranted
    .filter(({ name }) => !elsewhere.has(name))
    .map(({ name, why }) =>
      row(name, why, {
        ...(mountCalls.includes(name) ? { voids: ["names"] } : {}),
        ...(name.startsWith("io_uring_") ? saidToBeAbsent(why) : {}),
      }),
    ),
  row(
    "seccomp",
    "a second listener could answer before the mediator; further filters without one only" +
      " restrict and are not notified",
    {
      sealed: ifListed(
        "a second listener could answer before the mediator: refused; other filters only restrict",
        () => newListener(refuse),
      ),
      supervised: { verdict: newListener(notify) },
    },
  ),
];
