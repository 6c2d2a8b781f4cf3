import { all } from "../../kernel/syscalls.ts";
import type { PathArgument, Value } from "../../kernel/system-calls/argument.ts";
import type { Described, NameCall, SystemCall, WordUse } from "../../kernel/system-calls/call.ts";
import { classes } from "../../kernel/system-calls/classes.ts";
import {
  noProtocols,
  type SealedContext,
  type SocketMode,
} from "../../kernel/system-calls/sealed-context.ts";
import { systemCalls } from "../../kernel/system-calls/table.ts";
import { allow, notify, refuse } from "../../kernel/system-calls/verdict.ts";
import { wordCalls } from "../../kinds/kernel.ts";
import { everyWord, noWords, spellWord } from "../../kinds/model.ts";
import { describeVerdict } from "./describe-verdict.ts";

/** A sealed domain that grants everything of a family, on a host that checks it this way. */
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
    lateNames: "sealed",
    coreDumps: false,
  };
}

const contexts: readonly { readonly title: string; readonly context: SealedContext }[] = [
  { title: "the kernel holds all", context: context("kernel", false) },
  { title: "names and sockets brokered", context: context("broker", false) },
  { title: "no sockets, Linux 6.1", context: context("refused", true) },
];

export function generateSystemCallsDoc(): string {
  return [
    "<!-- Generated from src/kernel/system-calls/; change it there. -->",
    "# System calls",
    "",
    "Every system call of x86_64 is in exactly one class, with a column for each mode. Arguments",
    "count from 0 (`arg0`). Conditions use the low 32 bits of an argument, except for pointers.",
    "",
    "**Sealed.** A call that the policy does not list under `syscalls` is refused. A listed call",
    "with an empty column is allowed. *Asked*: the mediator is notified and decides; if it " +
      "lets the",
    "call continue, Landlock decides. *Refused*: the mediator is notified only to log the " +
      "refusal. A",
    "domain does not start on a host without notifications. System calls of another " +
      "architecture, of",
    "the x32 table, and with a number that is not on this page fail with ENOSYS. If the answer " +
      "depends",
    "on policy and host, the column shows three examples:",
    "",
    "- *the kernel holds all*: Landlock and cgroup-BPF check every granted name and socket;",
    "- *names and sockets brokered*: the mediator checks them, and the policy grants nothing under",
    "  `ipc` and `memory`;",
    "- *no sockets, Linux 6.1*: the policy grants no socket, and Landlock checks neither signals",
    "  nor truncation.",
    "",
    "**Supervised.** The column says which uses of a listed call are *asked* (the mediator is",
    "notified). All other uses are *allowed*. The mediator is also notified of every call that the",
    "policy does not list, except in the class that is never notified, and of calls of another",
    "architecture, of the x32 table, and of calls that are newer than this page: at warning these",
    "continue, at enforcing they are refused. The last column says what enforcing answers to an",
    "asked call, if that differs from the text above the table. At level disabled every call",
    "continues and nothing is logged.",
    "",
    ...[...classes].flatMap(([name, described]) => section(name, described)),
  ].join("\n");
}

function section(name: string, described: Described): string[] {
  const rows = systemCalls.filter((call) => call.class === name);
  const uses = Object.values(wordCalls).find((kind) => kind?.class === name)?.uses ?? [];
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
    ...uses.map(useRow),
    "",
  ];
}

/** Without the word. */
function useRow({ name, asks, verdict, why }: WordUse): string {
  const otherwise = "as its own row says";
  const [sealed, supervised] = [refuse, notify].map((yes) =>
    describeVerdict(verdict(yes, allow), otherwise),
  );
  return `| \`${name}\` | \`${spellWord(asks)}\`: ${why} | ${sealed} | ${supervised} |  |`;
}

/** A star marks calls that a sealed domain has without listing them. */
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
      if (call.request !== null)
        return `descriptor arg${call.descriptor}, request arg${call.request}`;
      const needed = call.needs(0).map(({ permission }) => `\`${permission}\``);
      return `descriptor arg${call.descriptor}; ${needed.join(", ")}`;
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
