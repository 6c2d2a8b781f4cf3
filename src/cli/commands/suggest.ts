import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { wrap } from "../../base/wrap.ts";
import { ExitCode } from "../../host/exit-code.ts";
import { namesOnHost, usableNames } from "../../host/usable-names.ts";
import type { Policy } from "../../model/policy.ts";
import type { Need } from "../../suggest/need.ts";
import { type SuggestHost, type Suggestions, suggestions } from "../../suggest/suggestions.ts";
import {
  type Command,
  CommandError,
  type Context,
  jsonOption,
  type Options,
  policyOption,
  setOption,
} from "../command.ts";
import { forEachRecord } from "../events/read-log.ts";
import { wantedEvents } from "../events/wanted-events.ts";
import { fileToChange, inForceBy } from "../explain/place-of-line.ts";
import { toJson } from "../json.ts";
import { type RequiredPolicy, requirePolicy } from "../require-policy.ts";
import { hostFor } from "../suggest/host-for.ts";
import { choicesOf } from "../suggest/interactive/choices.ts";
import { choose } from "../suggest/interactive/session.ts";
import { NeedsOfLog } from "../suggest/needs-of-log.ts";
import { renderBeyond, renderLost, renderSuggestions, suggestionsJson } from "../suggest/render.ts";
import { changing, writeChanged } from "../suggest/write-lines.ts";
import { Terminal } from "../terminal/terminal.ts";

export const suggest: Command = {
  name: "suggest",
  operands: [{ name: "[domain]", description: "a domain; with --policy none" }],
  summary: "propose the lines that a domain's policy lacks",
  description: [
    "Reads what the domain was warned about from the event log, and prints the lines that would " +
      "grant it: the letters of one name together, abstractions, patterns for what is named anew " +
      "each time (process ids, dates, rotated logs, temporary names), and folders of which " +
      "nearly everything was used. Below each line stand why it is more than what was used, how " +
      "much more, and how often, when and by which program it was needed.",
    "Lines that a break-in would like come last: secrets, programs, files of other domains, " +
      "sockets of servers that act as root, devices, mighty capabilities. A confined process can " +
      "touch any name it likes, so read them before you take them.",
    "--write puts all lines but these at the end of their sections, and leaves the rest of the " +
      "file as it is. A shipped policy is not changed: a copy in the administrator's folder is " +
      "made, which from then on takes precedence.",
    "--interactive shows one line after the other, with what it is for, the names beyond those " +
      "used, and a narrower and a wider line where there is one. Keys take it, leave it or go " +
      "back; before anything is written, the change of the file is shown. Dangerous lines come " +
      "last, and only a typed word takes them. h shows all keys, q and ^C quit without writing.",
    "Exit status: 0 if nothing is lacking (with --write and --interactive: is left), 1 otherwise.",
  ],
  options: [
    {
      flags: "--since <time>",
      description: "only events of the last 30m, 2h or 7d, or since 2026-01-31 or 2026-01-31T16:00",
    },
    { flags: "--denied", description: "also what was denied, not only what was warned about" },
    { flags: "--write", description: "add the lines to the policy, except the dangerous ones" },
    { flags: "-i, --interactive", description: "ask about each line at the terminal" },
    policyOption,
    setOption,
    jsonOption,
  ],
  examples: [
    { line: "cofferdam suggest nginx", what: "after a day at level warning" },
    { line: "cofferdam suggest nginx --write", what: "take what is not dangerous" },
    { line: "cofferdam suggest nginx --interactive", what: "decide about each line" },
    { line: "cofferdam suggest --policy ./tool.yaml --since 1h", what: "a policy being written" },
  ],
  run(context, [domain], options) {
    if (options.interactive === true) requireTerminal(options);
    const required = requirePolicy(context, domain, options);
    const { needs, left } = needsOf(context, required.policy.name, options);
    const own = required.files[0] ?? "";
    const text = readFileSync(own, "utf8");
    const policy = onHost(context, required.policy, required.files);
    const host: SuggestHost = {
      ...hostFor(context, required.files, (changed) => required.load(changed).policy),
      ...instanceOf(own, required.policy.name),
    };
    const found = suggestions(text, policy, needs, host);
    const hasLines = found.lines.length + found.dangerous.length > 0;
    if (options.interactive === true && hasLines)
      return askEach(context, required, { text, policy }, { found, host, left });
    if (options.json === true) context.out(toJson(suggestionsJson(required.policy.name, found)));
    else print(context, required, needs, found);
    for (const sentence of left) context.err(`cofferdam: ${sentence}\n`);
    const isWritten = options.write === true && found.lines.length > 0;
    if (isWritten)
      writeChanged(context, required, text, changing(context, required, text)(found.lines));
    if (options.json !== true && found.lines.length > 0) sayHow(context, required, isWritten);
    const isOpen = found.dangerous.length > 0 || found.beyond.length > 0;
    return isOpen || (found.lines.length > 0 && !isWritten) ? ExitCode.no : ExitCode.ok;
  },
};

/** @throws CommandError without a terminal, or for options that do not go together */
function requireTerminal({ write, json }: Options): void {
  if (write === true || json === true)
    throw new CommandError(
      `--interactive asks about each line, and not together with --${json ? "json" : "write"}`,
      "leave one of them out",
      ExitCode.usage,
    );
  if (!Terminal.isOne())
    throw new CommandError(
      "--interactive asks about each line, and needs a terminal",
      "--write takes all lines but the dangerous ones, without a question",
      ExitCode.usage,
    );
}

interface Asked {
  readonly found: Suggestions;
  readonly host: SuggestHost;
  /** Sentences about what of the log was left out. */
  readonly left: readonly string[];
}

async function askEach(
  context: Context,
  required: RequiredPolicy,
  now: { readonly text: string; readonly policy: Policy },
  { found, host, left }: Asked,
): Promise<ExitCode> {
  const choices = choicesOf(context, required, now, found, host);
  const chosen = await choose(choices, context.color);
  for (const sentence of left) context.err(`cofferdam: ${sentence}\n`);
  if (chosen === null) {
    context.out(`${required.policy.name}: nothing was written\n`);
    return ExitCode.no;
  }
  try {
    writeChanged(context, required, now.text, choices.changed(chosen.lines));
  } catch (error) {
    // They are not to be chosen once more.
    context.err(renderLost(chosen.lines));
    throw error;
  }
  const count = chosen.lines.length === 1 ? "1 line" : `${chosen.lines.length} lines`;
  context.out(`${required.policy.name}: ${count} taken, ${chosen.left} left out\n`);
  context.out(renderBeyond(found, context.width));
  sayHow(context, required, true);
  return chosen.left > 0 || found.beyond.length > 0 ? ExitCode.no : ExitCode.ok;
}

/** Of a domain whose file is its template's. */
function instanceOf(file: string, domain: string): { readonly instance?: string } {
  const isTemplate = basename(file, ".yaml").endsWith("@");
  return isTemplate ? { instance: domain.slice(domain.indexOf("@") + 1) } : {};
}

function needsOf(context: Context, domain: string, options: Options) {
  const isWanted = wantedEvents({ ...options, domain });
  const log = new NeedsOfLog();
  forEachRecord(context, (record) => {
    const { event } = record;
    const counts = event.verdict === "warning" || (options.denied && event.verdict === "denied");
    if (counts && event.domain === domain && isWanted(event)) log.add(record);
  });
  const left = [
    ...(log.unread > 0
      ? [`${log.unread} events tell only a part of what was asked: \`cofferdam events\` shows them`]
      : []),
    ...(log.forgotten > 0
      ? [`${log.forgotten} further events were left out: take these lines first, or use --since`]
      : []),
  ];
  return { needs: log.needs, left };
}

/** As the mediator judges: names without links, and Cofferdam's own places denied. */
function onHost(context: Context, policy: Policy, files: readonly string[]): Policy {
  return usableNames(policy.name, namesOnHost(context.places, { policy, files })).policy;
}

function print(
  context: Context,
  required: RequiredPolicy,
  needs: readonly Need[],
  found: Suggestions,
): void {
  const { policy } = required;
  const open = needs.length - found.granted;
  if (open === 0) {
    const seen =
      needs.length === 0
        ? "the log has no warning of it"
        : `its policy grants all ${needs.length} accesses that were warned about`;
    context.out(`${policy.name}: nothing to add: ${seen}\n`);
    return;
  }
  context.out(`${policy.name}: no rule grants ${open} of the accesses that were warned about\n\n`);
  context.out(renderSuggestions(found, context.width));
}

function sayHow({ places, out, width }: Context, required: RequiredPolicy, done: boolean): void {
  const { file, shipped } = fileToChange(places, required);
  const copy = shipped === null ? "" : ` (a copy of ${shipped}, which an update would overwrite)`;
  const what = done ? `written to ${file}` : `--write adds these lines to ${file}`;
  out(`\n${wrap(`${what}${copy}; ${inForceBy(places, required)}`, width, "")}\n`);
}
