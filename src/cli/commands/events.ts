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
  summary: "what was denied, warned about, failed or changed",
  description: [
    "One entry a distinct access, the one seen last at the end: its number in the log, when it was seen last, how often since when; below it who wanted what, and the line that would allow it. `cofferdam why NUMBER` says more. Root sees the host's log, everybody else their own; no agent is needed.",
    "With --follow events are printed as they come, with --since also those before.",
    "Exit status: 0, also without any event.",
  ],
  options: [
    { flags: "--follow", description: "go on, and print what comes" },
    { flags: "--domain <name>", description: "only events of this domain" },
    {
      flags: "--since <time>",
      description: "only events after that: 30m, 2h, 7d, 2026-01-31, 2026-01-31T16:00",
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
    { line: "cofferdam events --verdict audit", what: "who changed which level" },
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

/** `until`: the last record that counts; what comes behind it is left to the follower. */
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
