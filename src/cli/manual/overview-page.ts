import type { Command } from "../command.ts";
import { bold, entry, escapeRoff, literal, type ManualPage, paragraphs, section } from "./roff.ts";

const description = [
  "A security domain is a list of what one daemon needs. Whatever is not on the list is denied (level `enforcing`), granted and logged (`warning`), or granted silently (`disabled`). A child stays in its parent's domain. `superDom`, number 0, is unrestricted: every process that no domain claimed.",
  "`sealed` domains are held by the kernel and keep the level of their start; `supervised` ones are asked about, and follow levels and policies while they run.",
];

const statuses = [
  ["0", "done, and nothing to complain of"],
  [
    "1",
    "done, and the answer is no: errors in a policy, access denied, a host that cannot hold a domain",
  ],
  ["2", "the command line makes no sense"],
  ["3", "the question could not be answered: no such domain, no agent, a missing privilege"],
  ["70", "a fault of Cofferdam itself"],
  [
    "125-127",
    "of `run` alone: not started, not executable, not found; otherwise the program's own status",
  ],
] as const;

const files = [
  [
    "/etc/cofferdam/domains/NAME.yaml",
    "policies of the host; shipped ones of the same name give way",
  ],
  ["/var/lib/cofferdam", "numbers and levels of domains, settings"],
  ["/run/cofferdam", "ready plans, the live table, sockets"],
  ["/var/log/cofferdam/events.jsonl", "what was denied or warned about"],
  ["~/.config/cofferdam/domains, ~/.local/state/cofferdam", "the same of an ordinary user"],
] as const;

/** cofferdam(1). */
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
      ...section("environment", entry(bold("NO_COLOR"), "no colours, whatever the terminal can")),
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
