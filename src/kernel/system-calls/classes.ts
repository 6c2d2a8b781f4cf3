import { wordCalls } from "../../kinds/kernel.ts";
import type { Answers, CallClass, Described, SystemCall, WordCall } from "./call.ts";

const LOGGED = "goes on; logged if it is outside the policy";
const SILENT: Answers = { warning: "not notified", enforcing: "not notified" };

const asked = {
  name: {
    title: "Names",
    about: "Take a path and do something to what it names.",
    warning: LOGGED,
    enforcing:
      "done by the mediator on the object that it checked, as the caller would; else EACCES",
  },
  exec: {
    title: "Execution",
    about: "Execute a file, or make memory that could be.",
    warning: LOGGED,
    enforcing: "checked, goes on, and is looked at before it runs",
  },
  address: {
    title: "Addresses",
    about: "Take a socket's address, in memory or inside a message.",
    warning: LOGGED,
    enforcing: "done by the mediator on the address that it checked; else EACCES",
  },
  socket: {
    title: "Sockets",
    about: "Make sockets, or change which addresses one reaches.",
    warning: LOGGED,
    enforcing: "goes on if the policy grants it, since registers say it all; else EPERM",
  },
  process: {
    title: "Processes",
    about: "Do something to, or look into, a process or thread named by a number or a descriptor.",
    warning: LOGGED,
    enforcing:
      "on processes of the domain itself, and signals to those that `signals` names;" +
      " on the caller itself it goes on; else EPERM",
  },
  privilege: {
    title: "Privileges",
    about: "The kernel lets them through for a capability; the policy must grant it.",
    warning: LOGGED,
    enforcing: "goes on if the policy grants the capability; else EPERM",
  },
  state: {
    title: "State",
    about:
      "Afterwards a path, a number or an id means something else: what the mediator remembers of" +
      " the caller is forgotten before they are answered.",
    warning: `${LOGGED}; what was remembered is forgotten first`,
    enforcing: "goes on; what was remembered is forgotten first",
  },
  descriptor: {
    title: "Descriptors",
    about: "Act on an open descriptor by rules that its opening did not decide.",
    warning: LOGGED,
    enforcing:
      "done by the mediator on the caller's descriptor, whose name must be granted `a`; else EPERM",
  },
};

const unasked = {
  "namespace-or-escape": {
    title: "Ways out",
    about: "Undo what holds a domain, or reach past it into the kernel or the whole host.",
    warning: LOGGED,
    enforcing: "refused",
  },
  "unmediated-name": {
    title: "Looking at names",
    about:
      "Existence and metadata of names are not secret on any engine" +
      " ([SECURITY.md](../SECURITY.md)).",
    ...SILENT,
  },
  plain: { title: "Nothing to mediate", about: "The policy's list is all there is.", ...SILENT },
  untouchable: {
    title: "Never notified",
    about:
      "In a supervised domain at no level, whether the policy lists them or not. Those with a star a" +
      " sealed domain has without listing them: the launcher, or the kernel itself, needs them.",
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
