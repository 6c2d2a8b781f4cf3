import { nearest } from "../../diagnostics/nearest.ts";
import type { Event } from "../../events/event.ts";
import { endOf } from "../../events/log/reader.ts";
import { ExitCode } from "../../host/exit-code.ts";
import { type Command, type Context, jsonOption, type Options } from "../command.ts";
import { followLog } from "../events/follow.ts";
import { Kinds } from "../events/kinds.ts";
import { forEachRecord, logFolder, orExplain } from "../events/read-log.ts";
import { verdicts, wantedEvents } from "../events/wanted-events.ts";
import { renderSeen, seenJson } from "../render/events.ts";
import { eventsVerify } from "./events-verify.ts";

export const events: Command = {
  name: "events",
  operands: [],
  summary: "show denials, warnings, failures and changes by administrators",
  description: [
    "Prints one entry per distinct access, the latest last: its number in the log, the time it " +
      "last happened, and how often it has happened since when; then the process, the access, " +
      "and the policy line that would allow it. `cofferdam why NUMBER` says more. Root sees the " +
      "host's log, other users see their own. No agent is needed.",
    "--follow prints events as they happen; with --since also earlier ones.",
    "Exit status: 0, also without any event.",
  ],
  options: [
    { flags: "--follow", description: "keep running, and print new events" },
    { flags: "--domain <name>", description: "only events of this domain" },
    {
      flags: "--since <time>",
      description: "only events of the last 30m, 2h or 7d, or since 2026-01-31 or 2026-01-31T16:00",
    },
    { flags: "--verdict <verdict>", description: `only these: ${verdicts.join(", ")}` },
    { ...jsonOption, description: "print one JSON object a line, for programs" },
  ],
  subcommands: [eventsVerify],
  examples: [
    {
      line: "cofferdam events --domain nginx --since 1d",
      what: "what nginx was refused since yesterday",
    },
    {
      line: "cofferdam events --follow --verdict warning",
      what: "while a new domain is being tried out",
    },
    { line: "cofferdam events --verdict audit", what: "changes of levels, with their authors" },
  ],
  run(context, _operands, options) {
    const isWanted = wantedEvents(options);
    if (options.follow !== true) return list(context, isWanted, options);
    const folder = logFolder(context);
    const end = orExplain(folder, () => endOf(folder));
    if (options.since !== undefined) list(context, isWanted, options, end?.seq ?? 0);
    return followLog(context, end, isWanted, options.json === true);
  },
};

/** `until`: the last record to list; the follower prints later ones. */
function list(
  context: Context,
  isWanted: (event: Event) => boolean,
  options: Options,
  until = Number.POSITIVE_INFINITY,
): ExitCode {
  const kinds = new Kinds();
  const domains = new Set<string>();
  forEachRecord(context, (record) => {
    domains.add(record.event.domain);
    if (record.seq <= until && isWanted(record.event)) kinds.add(record);
  });
  const { seen, forgotten } = kinds;
  for (const one of seen)
    context.out(options.json === true ? seenJson(one) : renderSeen(one, context));
  if (forgotten > 0)
    context.err(
      `cofferdam: ${forgotten} older ones are not shown: ask with --domain, --verdict or --since\n`,
    );
  if (seen.length === 0 && options.json !== true) context.out(nothing(context, options, domains));
  return ExitCode.ok;
}

function nothing(
  context: Context,
  { domain, since, verdict }: Options,
  domains: ReadonlySet<string>,
): string {
  const where = `in ${logFolder(context)}`;
  if (domains.size === 0) return `no events ${where}\n`;
  const meant =
    typeof domain === "string" && !domains.has(domain) ? nearest(domain, [...domains]) : null;
  if (meant !== null) return `no events of \`${domain}\` ${where}; did you mean \`${meant}\`?\n`;
  const asked = [domain, since, verdict].some((one) => one !== undefined) ? "such " : "";
  return `no ${asked}events ${where}\n`;
}
