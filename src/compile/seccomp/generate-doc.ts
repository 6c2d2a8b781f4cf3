import { all } from "../../kernel/syscalls.ts";
import type { PathArgument, Value } from "../../kernel/system-calls/argument.ts";
import type { Described, NameCall, SystemCall } from "../../kernel/system-calls/call.ts";
import { classes } from "../../kernel/system-calls/classes.ts";
import {
  noProtocols,
  type SealedContext,
  type SocketMode,
} from "../../kernel/system-calls/sealed-context.ts";
import { systemCalls } from "../../kernel/system-calls/table.ts";
import { everyWord, noWords } from "../../kinds/model.ts";
import { describeVerdict } from "./describe-verdict.ts";

/** A sealed domain that grants everything of a family, on a host where it is checked this way. */
function context(mode: SocketMode, old: boolean): SealedContext {
  const broker = mode === "broker";
  const granted = mode !== "refused";
  return {
    listed: new Set(all()),
    denied: new Set(),
    listener: true,
    handsOver: true,
    brokered: { creates: broker, deletes: broker, moves: broker, links: broker },
    sockets: {
      inet: mode,
      unix: mode,
      tcp: granted,
      udp: granted,
      datagrams: granted,
      listensAnywhere: false,
      netlink: noProtocols,
      ping: noProtocols,
      raw: noProtocols,
      packet: noProtocols,
      vsock: noProtocols,
    },
    words: broker ? noWords : everyWord,
    signalsHeld: !old,
    truncateHeld: !old,
    coreDumps: false,
  };
}

const contexts: readonly { readonly title: string; readonly context: SealedContext }[] = [
  { title: "the kernel holds all", context: context("kernel", false) },
  { title: "names and sockets brokered", context: context("broker", false) },
  { title: "no sockets, Linux 6.1", context: context("refused", true) },
];

/** The text of `docs/system-calls.md`. */
export function generateSystemCallsDoc(): string {
  return [
    "<!-- Generated from src/kernel/system-calls/; change it there. -->",
    "# System calls",
    "",
    "Every system call of x86_64 is in exactly one class, with a column for each mode. Arguments",
    "count from 0 (`arg0`). They are compared by the 32 bits that the kernel reads, except for",
    "pointers.",
    "",
    "**Sealed.** A call that the policy does not list under `syscalls` is refused. A listed call",
    "with an empty column is allowed. *Asked*: the mediator is notified and decides; its CONTINUE",
    "lets Landlock decide. *Refused*: the mediator is notified only to log the refusal. A domain",
    "does not start on a host without notifications. System calls of another architecture and of",
    "the x32 table are refused with ENOSYS; numbers without a name here fail with ENOSYS, as on",
    "an older kernel.",
    "",
    "**Supervised.** The column says which uses of a listed call are *asked* (the mediator is",
    "notified). The others are *allowed*: the mediator has nothing to judge in them, whatever",
    "memory holds. A call that the policy does not list is always asked, unless it is in the",
    "class that is never notified. So are calls of another architecture, of the x32 table, and",
    "numbers newer than this table: warning lets them go on, enforcing refuses them. The last",
    "column says what enforcing answers to an asked call, where the class's text does not apply.",
    "At level disabled every call goes on and nothing is logged.",
    "",
    ...[...classes].flatMap(([name, described]) => section(name, described)),
  ].join("\n");
}

function section(name: string, described: Described): string[] {
  const rows = systemCalls.filter((call) => call.class === name);
  const { title, about, warning, enforcing } = described;
  const head = [`## ${title}`, "", about, ""];
  if (["plain", "unmediated-name", "untouchable"].includes(name))
    return [...head, ...byReason(rows), ""];
  return [
    ...head,
    `Supervised, *warning*: ${warning}. *enforcing*, unless a row says otherwise: ${enforcing}.`,
    "",
    "| call | what is looked at | sealed | supervised | enforcing |",
    "|---|---|---|---|---|",
    ...rows.map((call) =>
      [
        `| \`${call.name}\``,
        lookedAt(call),
        sealed(call),
        describeVerdict(call.supervised.verdict),
        `${call.supervised.enforcing ?? ""} |`,
      ].join(" | "),
    ),
    "",
  ];
}

/**
 * Calls that are never notified; a star marks those that a sealed domain has without listing them.
 */
function byReason(rows: readonly SystemCall[]): string[] {
  const reasons = new Map<string, string[]>();
  for (const call of rows) {
    const why = "why" in call ? call.why : "";
    const name = call.sealed === null ? `\`${call.name}\`` : `\`${call.name}\`*`;
    reasons.set(why, [...(reasons.get(why) ?? []), name]);
  }
  return [...reasons].map(([why, names]) => `${why === "" ? "" : `- ${why}: `}${names.join(" ")}`);
}

function sealed(call: SystemCall): string {
  const { sealed: column } = call;
  if (column === null) return "";
  const hosts = new Map<string, string[]>();
  for (const { title, context: of } of contexts) {
    const text = describeVerdict(column.verdict(of));
    hosts.set(text, [...(hosts.get(text) ?? []), `*${title}*`]);
  }
  const what =
    hosts.size === 1
      ? [...hosts.keys()].join()
      : [...hosts].map(([text, titles]) => `${titles.join(", ")}: ${text}`).join("<br>");
  const listed = column.list === "needed" ? "" : ", whether listed or not";
  const isSaid = "why" in call && call.why === column.why;
  return `${what}${listed}${isSaid ? "" : `<br>${column.why}`}`;
}

function lookedAt(call: SystemCall): string {
  switch (call.class) {
    case "name":
      return [...call.paths.map(path), ...numbers(call), needs(call)].join("; ");
    case "exec":
      return call.path === null ? "" : `${path(call.path)}; \`execute\``;
    case "address":
      return `socket arg${call.descriptor}, ${address(call.address)}; \`${call.permission}\``;
    case "process": {
      const targets = call.targets.map(({ register, kind }) => `${kind} arg${register}`);
      return `${targets.join(", ")}; ${call.operation}`;
    }
    case "privilege":
      return `\`${call.capability}\`${call.needed === "always" ? "" : " if the call needs it"}`;
    case "state":
      return call.capability === undefined ? "" : `\`${call.capability}\``;
    case "descriptor": {
      const what = call.request === null ? "; `attributes`" : `, request arg${call.request}`;
      return `descriptor arg${call.descriptor}${what}`;
    }
    case "namespace-or-escape":
      return call.why;
    default:
      return "lookedAt" in call ? call.lookedAt : "";
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
    const at = value.kind === "register" ? value.argument : value.pointer;
    return [`${what} ${value.kind === "register" ? "" : "in memory at "}arg${at}`];
  };
  return [...spell("flags", flags), ...spell("mode", mode)];
}

/** Every need that some flags bring about: each bit alone and none. */
function needs(call: NameCall): string {
  const flags = [0, ...Array.from({ length: 32 }, (_, bit) => (1 << bit) >>> 0)];
  const words = flags
    .flatMap((bits) => call.needs(bits, 0))
    .map(({ role, permission, if: condition }) => {
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

function address(form: Extract<SystemCall, { class: "address" }>["address"]): string {
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
