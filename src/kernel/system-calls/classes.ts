import { wordCalls } from "../../kinds/kernel.ts";
import type { Answers, CallClass, Described, SystemCall, WordCall } from "./call.ts";

const LOGGED = "goes on; logged if it is outside the policy";
const SILENT: Answers = { warning: "not notified", enforcing: "not notified" };

const asked = {
  name: {
    title: "Names",
    about: "Take a path and do something to what it names.",
    warning: LOGGED,
    enforcing: "made by the mediator on the checked object, with the caller's rights; else EACCES",
  },
  exec: {
    title: "Execution",
    about: "Execute a file, or make memory that could be.",
    warning: LOGGED,
    enforcing: "checked, goes on, and compared before the program runs",
  },
  address: {
    title: "Addresses",
    about: "Take a socket's address, in memory or inside a message.",
    warning: LOGGED,
    enforcing: "made by the mediator with the checked address; else EACCES",
  },
  socket: {
    title: "Sockets",
    about: "Make sockets, or change which addresses one reaches.",
    warning: LOGGED,
    enforcing: "goes on if the policy grants it, because all arguments are registers; else EPERM",
  },
  process: {
    title: "Processes",
    about: "Act on or inspect a process or thread, named by a number or a descriptor.",
    warning: LOGGED,
    enforcing:
      "goes on for processes of the domain itself, and for signals to those that `signals` names;" +
      " for the caller itself; else EPERM",
  },
  privilege: {
    title: "Privileges",
    about: "Allowed by the kernel for a capability, which the policy must grant.",
    warning: LOGGED,
    enforcing: "goes on if the policy grants the capability; else EPERM",
  },
  state: {
    title: "State",
    about:
      "Change what a path, a number or an id means. The mediator forgets what it remembers of" +
      " the caller before these are answered.",
    warning: `${LOGGED}; remembered facts are forgotten first`,
    enforcing: "goes on; remembered facts are forgotten first",
  },
  descriptor: {
    title: "Descriptors",
    about: "Act on an open descriptor in ways that its opening did not decide.",
    warning: LOGGED,
    enforcing:
      "made by the mediator on the caller's descriptor, if its name is granted `a`; else EPERM",
  },
};

const unasked = {
  "namespace-or-escape": {
    title: "Ways out",
    about: "Undo a domain's confinement, or reach around it into the kernel or the whole host.",
    warning: LOGGED,
    enforcing: "refused",
  },
  "unmediated-name": {
    title: "Inspecting names",
    about:
      "Existence and metadata of names are not secret in any mode" +
      " ([SECURITY.md](../SECURITY.md)).",
    ...SILENT,
  },
  plain: { title: "Nothing to mediate", about: "Only the policy's list decides.", ...SILENT },
  untouchable: {
    title: "Never notified",
    about:
      "Never notified in a supervised domain, at any level, whether the policy lists them or" +
      " not. A sealed domain has those with a star without listing them, because the launcher" +
      " or the kernel itself needs them.",
    ...SILENT,
  },
};

({ ...asked, ...unasked }) satisfies Record<Exclude<CallClass, WordCall["class"]>, Described>;

const ofKinds = Object.values(wordCalls).flatMap((calls) => calls ?? []);

/** By name, in the order of the reference. */
export const classes: ReadonlyMap<string, Described> = new Map<string, Described>([
  ...Object.entries(asked),
  ...ofKinds.map((kind) => [kind.class, kind] as const),
  ...Object.entries(unasked),
]);

/** What is said of the call's class. */
export function classOf({ class: name }: SystemCall): Described {
  const found = classes.get(name);
  if (found === undefined) throw new TypeError(`the class ${name} is not described`);
  return found;
}
