import { wordCalls } from "../../kinds/kernel.ts";
import type { Answers, CallClass, Described, SystemCall, WordCall } from "./call.ts";

const LOGGED = "continues; logged if it is outside the policy";
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
    enforcing:
      "the mediator checks the call and lets it continue; the holder compares the new program" +
      " before it runs",
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
    enforcing:
      "continues if the policy grants it, because registers hold what is judged; else EPERM",
  },
  process: {
    title: "Processes",
    about: "Act on or inspect a process or thread, named by a number or a descriptor.",
    warning: LOGGED,
    enforcing:
      "continues if it acts on the caller, on another process of the domain, or sends a signal" +
      " that `signals` grants; else EPERM",
  },
  privilege: {
    title: "Privileges",
    about: "Need a capability, which the policy must grant.",
    warning: LOGGED,
    enforcing: "continues if the policy grants the capability; else EPERM",
  },
  state: {
    title: "State",
    about:
      "Change what a path, a number or an id means. Before the mediator answers such a call, it" +
      " forgets what it remembers of the caller.",
    warning: `${LOGGED}; remembered facts are forgotten first`,
    enforcing: "continues; remembered facts are forgotten first",
  },
  descriptor: {
    title: "Descriptors",
    about: "Act on an open descriptor in ways that its opening did not decide.",
    warning: LOGGED,
    enforcing:
      "if the policy grants the use on the descriptor's object, the mediator sets attributes on" +
      " the caller's descriptor, and other uses continue; else refused",
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
      "The filter of a supervised domain never notifies these calls, at any level, whether the" +
      ' policy lists them or not. Exceptions are the uses under "Code in memory". In a sealed' +
      " domain, calls with a star are allowed even if the policy does not list them, because the" +
      " launcher or the kernel itself needs them.",
    ...SILENT,
  },
};

({ ...asked, ...unasked }) satisfies Record<Exclude<CallClass, WordCall["class"]>, Described>;

const ofKinds = Object.values(wordCalls).flatMap((calls) => calls ?? []);

/** In the order of the reference. */
export const classes: ReadonlyMap<string, Described> = new Map<string, Described>([
  ...Object.entries(asked),
  ...ofKinds.map((kind) => [kind.class, kind] as const),
  ...Object.entries(unasked),
]);

export function classOf({ class: name }: SystemCall): Described {
  const found = classes.get(name);
  if (found === undefined) throw new TypeError(`the class ${name} is not described`);
  return found;
}
