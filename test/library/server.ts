import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { clone } from "../package/packages.ts";
import { type Tried, tryBreakIns } from "./break-ins.ts";
import { readDaemon } from "./daemon.ts";
import { OnHost } from "./go-through.ts";
import type { LibraryHost } from "./library-host.ts";
import { heldOf } from "./table.ts";

/** What many Debian servers run, side by side. */
const DAEMONS = [
  ...["sshd", "chrony", "rsyslog", "nginx", "php-fpm", "mariadb", "postfix", "redis-server"],
  "prometheus-node-exporter",
] as const;
/** These run as well. They cannot be held (docs/library.md), and listen nowhere. */
const BESIDE = ["cron", "unattended-upgrades"] as const;

const enforce = ["enforce", "--all", "--least", "1s", "--watch", "20s", "--restart"] as const;

interface Command {
  readonly line: string;
  readonly out: string;
}

/**
 * One server with all of these, from nothing to enforced: by `protect --all`, a day's work,
 * `enforce --all`, the same work again, and then a program in the place of each daemon. Writes
 * docs/stock-server.md. @throws Error at the first thing that is otherwise than it must be
 */
export async function stockServer(host: LibraryHost, say: (step: string) => void): Promise<void> {
  const { booted } = host;
  const told: Command[] = [];
  const cofferdam = (words: readonly string[], statuses: readonly number[] = [0]): string => {
    const { status, out, err } = booted.run("cofferdam", ...words);
    if (!statuses.includes(status ?? -1))
      throw new Error(`cofferdam ${words.join(" ")}: ${status}: ${out}${err}`);
    told.push({ line: `cofferdam ${words.join(" ")}`, out });
    return out;
  };
  host.fetch(BESIDE);
  host.install(BESIDE);
  const all = DAEMONS.map((name) => new OnHost(host, readDaemon(name)));
  for (const one of all) {
    say(`${one.daemon.name} is installed`);
    one.install();
    await one.outside();
  }
  const each = async (step: string, act: (one: OnHost) => void | Promise<void>) => {
    for (const one of all) {
      say(`${one.daemon.name} ${step}`);
      await act(one);
    }
  };
  const outside = (): readonly string[] =>
    JSON.parse(booted.run("cofferdam", "status", "--json").out).listening.outside;
  const before = outside();
  cofferdam(["protect", "--all", "--now"]);
  const left = outside();
  await each("works at warning", (one) => one.aDay());
  // What a policy denies on purpose and no rule can name keeps some from being ready.
  cofferdam(enforce, [0, 1]);
  cofferdam([...enforce, "--anyway"]);
  cofferdam(["domain", "list"]);
  await each("works at enforcing", (one) => one.aDay());
  const tried: (readonly [string, readonly Tried[]])[] = [];
  await each("is broken into", (one) => {
    one.stopped();
    tried.push([one.daemon.name, tryBreakIns(host, one.daemon)]);
  });
  writeFileSync(join(clone, "docs/stock-server.md"), page({ before, left, told, tried }));
}

interface Seen {
  readonly before: readonly string[];
  readonly left: readonly string[];
  readonly told: readonly Command[];
  readonly tried: readonly (readonly [string, readonly Tried[]])[];
}

const code = (text: string): string =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => `    ${line}`.trimEnd())
    .join("\n");

function page({ before, left, told, tried }: Seen): string {
  const day = new Date().toISOString().slice(0, 10);
  const shown = ({ line, out }: Command) => `${code(`# ${line}\n${out}`)}\n`;
  const [protect, ...later] = told.map(shown);
  return `# A stock server, from nothing to enforced

<!-- Written by \`npm run library -- --server\` on ${day}. -->

A Debian that is booted in namespaces on this kernel, with Debian's packages and units unchanged:
${DAEMONS.join(", ")}; beside them ${BESIDE.join(" and ")}, which cannot be held
([library.md](library.md#what-cannot-be-held)) and listen nowhere. Each did its work for a real
client first. What listened:

${before.map((one) => `- ${one}`).join("\n")}

Then, as root, with what Cofferdam printed:

${protect}
Outside a domain there still listened: ${left.join(", ") || "nothing"}. Each daemon did its day's
work at level warning: a client's work, a reload, a rotation of its logs, the work again. It asked
for nothing beyond its policy but what the library lists with the reason.

${later.join("\n")}
The same work again, enforced: nothing was denied but what is listed. At last a program took the
place of each daemon, in its domain and as its user, and tried what a break-in would. All was
refused; *held* counts what the domain alone refused + what ordinary permissions refused, too.

| domain | held |
|---|---|
${tried.map(([name, of]) => `| ${name} | ${heldOf(of).replace(" held", "")} |`).join("\n")}
`;
}
