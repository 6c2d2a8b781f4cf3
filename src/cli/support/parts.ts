import { secpolicytools } from "../../esxi/tools/secpolicytools.ts";
import { chosenEngine } from "../../host/engine.ts";
import { probeHost } from "../../kernel/probe/host-facts.ts";
import type { Command, Context, Options } from "../command.ts";
import { domainList } from "../commands/domain/list.ts";
import { eventsVerify } from "../commands/events-verify.ts";
import { ps } from "../commands/ps.ts";
import { settings } from "../commands/settings.ts";
import { status } from "../commands/status.ts";
import { renderDoctor } from "../render/doctor.ts";
import { newestEvents } from "./events-part.ts";
import { kernelText, versionsText } from "./host-part.ts";
import { journalText } from "./journal-part.ts";
import type { Part } from "./part.ts";

const WIDTH = 100;

/** Everything but policies, of which each file is a part (`policies-part.ts`). */
export const parts: readonly Part[] = [
  {
    name: "commands/doctor.txt",
    source: "cofferdam doctor",
    form: "lines",
    take: ({ places }) => {
      const facts = probeHost();
      return renderDoctor(facts, chosenEngine(places, facts), WIDTH);
    },
  },
  ofCommand("commands/status.txt", "cofferdam status", status),
  ofCommand("commands/domain-list.txt", "cofferdam domain list", domainList),
  ofCommand("commands/ps.txt", "cofferdam ps --wide", ps, { wide: true }),
  ofCommand("commands/settings-list.txt", "cofferdam settings list", subcommand(settings, "list")),
  ofCommand("commands/events-verify.txt", "cofferdam events verify", eventsVerify),
  {
    name: "commands/secpolicytools_-d.txt",
    source: "secpolicytools -d",
    form: "lines",
    take: (context) => captured(context, (own) => secpolicytools(["-d"], own)),
  },
  { name: "events/events.jsonl", source: "the event log", form: "records", take: newestEvents },
  {
    name: "host/versions.txt",
    source: "cofferdam --version, node, os-release",
    form: "text",
    take: versionsText,
  },
  { name: "host/kernel.txt", source: "/proc and /sys", form: "lines", take: kernelText },
  {
    name: "host/journal.txt",
    source: "journalctl -u cofferdam-agent",
    form: "lines",
    take: journalText,
  },
];

function ofCommand(name: string, source: string, command: Command, options: Options = {}): Part {
  return {
    name,
    source,
    form: "lines",
    take: (context) => captured(context, async (own) => await command.run?.(own, [], options)),
  };
}

function subcommand({ name, subcommands }: Command, wanted: string): Command {
  const found = subcommands?.find((one) => one.name === wanted);
  if (found === undefined) throw new Error(`${name} has no ${wanted}`);
  return found;
}

/** The output of a command for people, then its messages. */
async function captured(context: Context, run: (own: Context) => unknown): Promise<string> {
  const written: string[] = [];
  const complaints: string[] = [];
  const own: Context = {
    ...context,
    out: (text) => void written.push(text),
    err: (text) => void complaints.push(text),
    width: WIDTH,
    color: false,
  };
  await run(own);
  return [...written, ...complaints].join("");
}
