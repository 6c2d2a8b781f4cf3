import type { CallClass, EscapeCall, MediatedCall } from "./call.ts";

/**
 * What is answered to a notified call that the policy lists, by level; at `disabled` every call
 * goes on, and nothing is logged.
 */
export interface Answers {
  readonly warning: string;
  readonly enforcing: string;
}

const LOGGED = "goes on; logged if it is outside the policy";

const answers: Readonly<Record<CallClass, Answers>> = {
  name: {
    warning: LOGGED,
    enforcing:
      "done by the mediator on the object that it checked, as the caller would; else EACCES",
  },
  address: {
    warning: LOGGED,
    enforcing: "done by the mediator on the address that it checked; else EACCES",
  },
  socket: {
    warning: LOGGED,
    enforcing: "goes on if the policy grants it, since registers say it all; else EPERM",
  },
  process: {
    warning: LOGGED,
    enforcing:
      "on processes of the domain itself, and signals to those that `signals` names; on the caller itself it goes on; else EPERM",
  },
  privilege: {
    warning: LOGGED,
    enforcing: "goes on if the policy grants the capability; else EPERM",
  },
  state: {
    warning: `${LOGGED}; what was remembered is forgotten first`,
    enforcing: "goes on; what was remembered is forgotten first",
  },
  descriptor: {
    warning: LOGGED,
    enforcing:
      "done by the mediator on the caller's descriptor, whose name must be granted `a`; else EPERM",
  },
  exec: { warning: LOGGED, enforcing: "checked, goes on, and is looked at before it runs" },
  "namespace-or-escape": { warning: LOGGED, enforcing: "refused" },
  ipc: { warning: LOGGED, enforcing: "goes on if the policy grants the kind; else EPERM" },
  "unmediated-name": { warning: "not notified", enforcing: "not notified" },
  plain: { warning: "not notified", enforcing: "not notified" },
  untouchable: { warning: "not notified", enforcing: "not notified" },
};

/** The call's own sentence where it has one, else its class's. */
export function answersOf(call: MediatedCall): Answers {
  const { warning, enforcing } = answers[call.class];
  const own = call.class === "namespace-or-escape" ? ofEscape(call) : call.enforcing;
  return { warning, enforcing: own ?? enforcing };
}

function ofEscape({ absent }: EscapeCall): string {
  return absent ? "refused with ENOSYS" : "refused";
}

/** The class's own answers, for the documentation. */
export function answersOfClass(name: CallClass): Answers {
  return answers[name];
}
