import { all } from "../../kernel/syscalls.ts";
import type { CallClass } from "./call-row.ts";
import { callTable } from "./call-table.ts";
import { describeVerdict } from "./describe-verdict.ts";
import { type FilterContext, noProtocols, type SocketMode } from "./filter-context.ts";

const titles: Readonly<Record<CallClass, string>> = {
  implicit: "Always allowed",
  never: "Never granted",
  confinement: "What holds the domain",
  processes: "Processes",
  signals: "Signals",
  names: "Names",
  metadata: "Metadata",
  ioctl: "ioctl",
  sockets: "Sockets",
  ipc: "System V IPC and message queues",
};

/** A domain that grants everything of a family on a host where it is held this way. */
function context(mode: SocketMode, old: boolean): FilterContext {
  const broker = mode === "broker";
  return {
    listed: new Set(all()),
    denied: new Set(),
    listener: true,
    brokered: { creates: broker, deletes: broker, moves: broker, links: broker },
    sockets: {
      ...{
        inet: mode,
        unix: mode,
        tcp: mode !== "refused",
        udp: mode !== "refused",
        datagrams: mode !== "refused",
        listensAnywhere: false,
      },
      ...{
        netlink: noProtocols,
        ping: noProtocols,
        raw: noProtocols,
        packet: noProtocols,
        vsock: noProtocols,
      },
    },
    ipc: new Set(broker ? [] : ["shm", "sem", "msg", "mqueue"]),
    signalsHeld: !old,
    truncateHeld: !old,
    coreDumps: false,
  };
}

const contexts: readonly { readonly title: string; readonly context: FilterContext }[] = [
  { title: "the kernel holds all", context: context("kernel", false) },
  { title: "names and sockets brokered", context: context("broker", false) },
  { title: "no sockets, Linux 6.1", context: context("refused", true) },
];

/** The text of `docs/seccomp.md`. */
export function generateSeccompDoc(): string {
  return [
    "<!-- Generated from src/compile/seccomp/call-table.ts; change it there. -->",
    "# System calls of a sealed domain",
    "",
    "A call that the policy does not list under `syscalls` is refused. A listed call without a row below is allowed. *Asked*: the mediator",
    "decides, and CONTINUE means that Landlock decides. *Refused*: the mediator is told only so that the refusal is logged. A host that",
    "cannot ask starts no domain.",
    "",
    "Before everything else: system calls of another architecture and of the x32 table are refused with ENOSYS; numbers that have no name",
    "here fail with ENOSYS, as on an older kernel. Arguments (`arg0` to `arg5`) are compared on the 32 bits that the kernel looks at.",
    "",
    ...Object.entries(titles).flatMap(([name, title]) => sectionOf(name as CallClass, title)),
  ].join("\n");
}

function sectionOf(name: CallClass, title: string): string[] {
  const rows = callTable.filter((row) => row.class === name);
  return [
    `## ${title}`,
    "",
    "| calls | why | what happens |",
    "|---|---|---|",
    ...rows.map((row) => {
      const outcomes = contexts.map((entry) => ({
        ...entry,
        text: describeVerdict(row.verdict(entry.context)),
      }));
      const same = outcomes.every(({ text }) => text === outcomes[0]?.text);
      const what = same
        ? outcomes[0]?.text
        : outcomes.map(({ title: where, text }) => `*${where}*: ${text}`).join("<br>");
      const listed = row.applies === "always" ? ", whether listed or not" : "";
      return `| ${row.calls.map((call) => `\`${call}\``).join(" ")} | ${row.why} | ${what}${listed} |`;
    }),
    "",
  ];
}
