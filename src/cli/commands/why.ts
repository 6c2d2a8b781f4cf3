import { wrap } from "../../diagnostics/wrap.ts";
import { ALL_DOMAINS } from "../../events/audit-catalogue.ts";
import type { Event } from "../../events/event.ts";
import { ExitCode } from "../../host/exit-code.ts";
import { libraryFile } from "../../host/load.ts";
import {
  type Command,
  CommandError,
  type Context,
  jsonOption,
  type Options,
  policyOption,
  setOption,
} from "../command.ts";
import { findEvent } from "../events/find-event.ts";
import { explainRequest } from "../explain/explain-request.ts";
import { hostNames } from "../explain/names.ts";
import { placeOfLine } from "../explain/place-of-line.ts";
import { type Explanation, finalDecision, renderExplanation } from "../explain/render.ts";
import { parseRequest } from "../explain/request.ts";
import { wordsOfEvent } from "../explain/words-of-event.ts";
import { toJson } from "../json.ts";
import { renderSeen } from "../render/events.ts";
import { type RequiredPolicy, requirePolicy } from "../require-policy.ts";

export const why: Command = {
  name: "why",
  operands: [
    {
      name: "<id>",
      description: "an event: its number in the log, its id, or the beginning of that",
    },
  ],
  summary: "why something was denied, and what would allow it",
  description: [
    "Shows the event again, with how often it happened in all, and asks the domain's policy as it is now: which rule denies it, or that no grant names it; the line that would allow it, and the file to put it into. Was the daemon started with --policy FILE, say so here too.",
    "Exit status: 0 granted by the policy as it is now, or nothing was denied; 1 still denied.",
  ],
  options: [policyOption, setOption, jsonOption],
  examples: [
    { line: "cofferdam why 812", what: "the event that `cofferdam events` shows with this number" },
    {
      line: "cofferdam why --policy ./tool.yaml 812",
      what: "of a domain that is no file in the usual places",
    },
  ],
  run(context, [id = ""], options) {
    const seen = findEvent(context, id);
    const words = wordsOfEvent(seen.event);
    const isAsked =
      seen.event.verdict !== "audit" && seen.event.domain !== ALL_DOMAINS && words !== null;
    // Before the policy is asked: the event is there, whatever has become of that.
    if (options.json !== true) context.out(`${renderSeen(seen, context)}\n`);
    const answer = isAsked ? ask(context, seen.event, words, options) : null;
    if (options.json) context.out(toJson({ ...seen, ...answer }));
    else
      context.out(
        answer === null ? noAnswer(seen.event) : textOf(answer, words ?? [], context.width),
      );
    return answer !== null && finalDecision(answer.now).outcome === "denied"
      ? ExitCode.no
      : ExitCode.ok;
  },
};

interface Answer {
  /** What the policy says at this moment. */
  readonly now: Explanation;
  /** Where the line that would allow it goes, in sentences. */
  readonly put: readonly string[];
}

function ask(context: Context, event: Event, words: readonly string[], options: Options): Answer {
  const domain = options.policy === undefined ? event.domain : undefined;
  if (domain !== undefined && libraryFile(context.places, domain) === null)
    throw new CommandError(
      `there is no policy of \`${domain}\` in the usual places`,
      "was the daemon started with --policy FILE, write that here too",
    );
  const required: RequiredPolicy = requirePolicy(context, domain, options);
  const now = explainRequest(context, required, parseRequest(words, hostNames));
  return { now, put: now.allow === null ? [] : placeOfLine(context.places, required, now.allow) };
}

function textOf({ now, put }: Answer, words: readonly string[], width: number): string {
  return (
    renderExplanation(now, words.join(" ")) +
    put
      .map(
        (line, at) =>
          `${wrap(`  ${at === 0 ? "put  " : "     "} ${line}`, width, " ".repeat(9))}\n`,
      )
      .join("")
  );
}

function noAnswer({ verdict, class: kind, domain }: Event): string {
  if (verdict === "audit" || kind === "lifecycle")
    return "Nothing was denied: this is about Cofferdam itself.\n";
  return `No single rule of the policy of ${domain} is about this.\n`;
}
