import type { Command } from "../command.ts";
import { bold, entry, escapeRoff, literal, type ManualPage, paragraphs, section } from "./roff.ts";

const description = [
  "A policy lists what one daemon may do. The daemon and its children run in a security " +
    "domain. Any other access is denied (level `enforcing`), granted and logged (`warning`), or " +
    "granted silently (`disabled`). Processes outside every domain belong to `superDom`, number " +
    "0, and are unrestricted.",
  "The kernel enforces a `sealed` domain, which keeps the level and policy of its start. A " +
    "mediator process decides the calls of a `supervised` domain, whose level and policy can " +
    "change while it runs.",
];

const statuses = [
  ["0", "done, and nothing is wrong"],
  [
    "1",
    "done, with a negative result: errors in a policy, access denied, a host that cannot seal " +
      "a domain",
  ],
  ["2", "the command line is wrong"],
  ["3", "not done: no such domain, no agent, a missing privilege"],
  ["70", "a fault of Cofferdam itself"],
  [
    "125-127",
    "of `run` alone: not started, not executable, not found; otherwise the program's own status",
  ],
] as const;

const files = [
  [
    "/etc/cofferdam/domains/NAME.yaml",
    "the host's policies; they replace shipped ones of the same name",
  ],
  ["/var/lib/cofferdam", "numbers, levels and exceptions of domains, settings"],
  ["/run/cofferdam", "ready plans, the live table, sockets"],
  ["/var/log/cofferdam/events.jsonl", "the event log"],
  ["~/.config/cofferdam/domains, ~/.local/state/cofferdam", "the same of an ordinary user"],
] as const;

export function overviewPage(commands: readonly Command[]): ManualPage {
  const others = commands.map(({ name }) => `${bold(`cofferdam-${name}`)}(1)`);
  return {
    name: "cofferdam",
    section: 1,
    body: [
      ...section("name", [
        `cofferdam \\- ${escapeRoff("a security domain of its own for every daemon")}`,
      ]),
      ...section("synopsis", [`${bold("cofferdam")} COMMAND [ARGUMENT...]`]),
      ...section("description", paragraphs(description)),
      ...section(
        "commands",
        commands.flatMap(({ name, summary }) => entry(`${bold(`cofferdam-${name}`)}(1)`, summary)),
      ),
      ...section(
        "exit status",
        statuses.flatMap(([status, text]) => entry(bold(status), text)),
      ),
      ...section(
        "files",
        files.flatMap(([path, text]) => entry(bold(path), text)),
      ),
      ...section("environment", entry(bold("NO_COLOR"), "if set, output has no colours")),
      ...section(
        "examples",
        literal([
          "cofferdam run nginx -- nginx -g 'daemon off;'",
          "cofferdam ps",
          "cofferdam explain nginx read /etc/shadow",
        ]),
      ),
      ...section("see also", [[...others, `${bold("cofferdam-policy")}(5)`].join(", ")]),
    ],
  };
}
