import type { PathArgument, Value } from "../../../kernel/system-calls/argument.ts";
import type { CallClass, MediatedCall, NameCall } from "../../../kernel/system-calls/call.ts";
import { answersOf, answersOfClass } from "../../../kernel/system-calls/levels.ts";
import { mediatedCalls } from "../../../kernel/system-calls/table.ts";
import { describeVerdict } from "../describe-verdict.ts";

const classes: Readonly<Record<CallClass, { readonly title: string; readonly about: string }>> = {
  name: { title: "Names", about: "Take a path and do something to what it names." },
  exec: { title: "Execution", about: "Execute a file, or make memory that could be." },
  address: { title: "Addresses", about: "Take a socket's address, in memory or inside a message." },
  socket: { title: "Sockets", about: "Make sockets, or change which addresses one reaches." },
  process: {
    title: "Processes",
    about: "Do something to, or look into, a process or thread named by a number or a descriptor.",
  },
  privilege: {
    title: "Privileges",
    about: "The kernel lets them through for a capability; the policy must grant it.",
  },
  state: {
    title: "State",
    about:
      "Afterwards a path, a number or an id means something else: what the mediator remembers of the caller is forgotten before they are answered.",
  },
  descriptor: {
    title: "Descriptors",
    about: "Act on an open descriptor by rules that its opening did not decide.",
  },
  ipc: {
    title: "System V IPC and message queues",
    about:
      "By kind, whether `syscalls` lists them or not. What is already there is not asked about where the kind was granted at the start.",
  },
  "namespace-or-escape": {
    title: "Ways out",
    about: "Undo what holds a domain, or reach past it into the kernel or the whole host.",
  },
  "unmediated-name": {
    title: "Looking at names",
    about:
      "Existence and metadata of names are not secret on any engine ([SECURITY.md](../SECURITY.md)). Notified only where the policy does not list them.",
  },
  plain: {
    title: "Nothing to mediate",
    about: "Notified only where the policy does not list them.",
  },
  untouchable: {
    title: "Never notified",
    about: "At no level, whether the policy lists them or not.",
  },
};

/** The text of `docs/system-calls.md`. */
export function generateSystemCallsDoc(): string {
  return [
    "<!-- Generated from src/kernel/system-calls/; change it there. -->",
    "# System calls of a supervised domain",
    "",
    "Every system call of x86_64 is in exactly one class. A call that the policy lists is notified where a row says so; a call that it does not",
    "list is always notified, but for those that nothing may touch. So are calls of another architecture, of the x32 table, and numbers newer",
    "than this table: warning lets them go on, enforcing refuses them. What a sealed domain does is in [seccomp.md](seccomp.md).",
    "",
    "Arguments count from 0 (`arg0`). Calls for which *notified* names a condition are not notified otherwise: there is nothing in them for the",
    "mediator, whatever memory holds. At level disabled every call goes on, and nothing is logged.",
    "",
    ...Object.entries(classes).flatMap(([name, { title, about }]) =>
      section(name as CallClass, title, about),
    ),
  ].join("\n");
}

function section(name: CallClass, title: string, about: string): string[] {
  const rows = mediatedCalls.filter((call) => call.class === name);
  const head = [`## ${title}`, "", about, ""];
  if (["plain", "unmediated-name", "untouchable"].includes(name))
    return [...head, ...byReason(rows), ""];
  const { warning, enforcing } = answersOfClass(name);
  return [
    ...head,
    `*warning*: ${warning}. *enforcing*, unless a row says otherwise: ${enforcing}.`,
    "",
    "| call | notified | what is looked at | enforcing |",
    "|---|---|---|---|",
    ...rows.map((call) => {
      const own = answersOf(call).enforcing;
      return `| \`${call.name}\` | ${describeVerdict(call.when)} | ${lookedAt(call)} | ${own === enforcing ? "" : own} |`;
    }),
    "",
  ];
}

function byReason(rows: readonly MediatedCall[]): string[] {
  const reasons = new Map<string, string[]>();
  for (const call of rows) {
    const why = "why" in call ? call.why : "";
    reasons.set(why, [...(reasons.get(why) ?? []), `\`${call.name}\``]);
  }
  return [...reasons].map(([why, names]) => `${why === "" ? "" : `- ${why}: `}${names.join(" ")}`);
}

function lookedAt(call: MediatedCall): string {
  switch (call.class) {
    case "name":
      return [...call.paths.map(path), ...numbers(call), needs(call)].join("; ");
    case "exec":
      return call.path === null ? "" : `${path(call.path)}; \`execute\``;
    case "address":
      return `socket arg${call.descriptor}, ${address(call.address)}; \`${call.permission}\``;
    case "process":
      return `${call.targets.map(({ register, kind }) => `${kind} arg${register}`).join(", ")}; ${call.operation}`;
    case "privilege":
      return `\`${call.capability}\`${call.needed === "always" ? "" : " if the call needs it"}`;
    case "state":
      return call.capability === undefined ? "" : `\`${call.capability}\``;
    case "descriptor":
      return `descriptor arg${call.descriptor}${call.request === null ? "; `attributes`" : `, request arg${call.request}`}`;
    case "ipc":
      return `\`${call.kind}\`${call.operation === "get" ? "" : ", in use"}`;
    case "namespace-or-escape":
      return call.why;
    default:
      return "";
  }
}

function path({ role, directory, path: pointer, follow }: PathArgument): string {
  const from = directory === null ? "" : ` from arg${directory}`;
  const end = {
    always: "",
    never: ", no link at its end",
    unless: ", link at its end by flags",
    "only-if": ", link at its end by flags",
  };
  return `${role === "object" ? "path" : role} arg${pointer}${from}${end[follow.kind]}`;
}

function numbers({ flags, mode }: NameCall): string[] {
  const spell = (what: string, value: Value | null) => {
    if (value === null || value.kind === "fixed") return [];
    return [
      `${what} ${value.kind === "register" ? `arg${value.argument}` : `in memory at arg${value.pointer}`}`,
    ];
  };
  return [...spell("flags", flags), ...spell("mode", mode)];
}

/** Every need that some flags bring about: each bit alone and none. */
function needs(call: NameCall): string {
  const all = [0, ...Array.from({ length: 32 }, (_, bit) => (1 << bit) >>> 0)].flatMap((flags) =>
    call.needs(flags, 0),
  );
  const words = all.map(({ role, permission, if: condition }) => {
    const where = role === "object" ? "" : ` of ${role}`;
    const when = {
      always: "",
      made: " if it is made",
      there: " if it is replaced",
      below: " of everything in it",
    };
    return `\`${permission}\`${where}${when[condition]}`;
  });
  return [...new Set(words)].join(", ");
}

function address(form: Extract<MediatedCall, { class: "address" }>["address"]): string {
  switch (form.kind) {
    case "sockaddr":
      return `address arg${form.pointer}, length arg${form.length}`;
    case "message":
      return `message arg${form.pointer}`;
    case "messages":
      return `messages arg${form.pointer}, number arg${form.count}`;
    case "bound":
      return "the address that it has";
  }
}
