import { wrap } from "../../base/wrap.ts";
import type { Event } from "../../events/event.ts";
import { ExitCode } from "../../host/exit-code.ts";
import { libraryFile } from "../../host/load.ts";
import type { Request } from "../../model/request.ts";
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
import { withInode } from "../explain/request.ts";
import { requestOfEvent } from "../explain/request-of-event.ts";
import { spellRequest } from "../explain/spell-request.ts";
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
    const asked = requestOfEvent(seen.event);
    // Before the policy is asked: the event is there, whatever has become of that.
    if (options.json !== true) context.out(`${renderSeen(seen, context)}\n`);
    const answer =
      asked.kind === "request" ? ask(context, seen.event, asked.request, options) : null;
    if (options.json) context.out(toJson({ ...seen, ...answer }));
    else if (asked.kind === "nothing") context.out(`${wrap(asked.why, context.width, "")}\n`);
    else if (answer !== null) context.out(textOf(answer, context.width));
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

function ask(context: Context, event: Event, request: Request, options: Options): Answer {
  const domain = options.policy === undefined ? event.domain : undefined;
  if (domain !== undefined && libraryFile(context.places, domain) === null)
    throw new CommandError(
      `there is no policy of \`${domain}\` in the usual places`,
      "was the daemon started with --policy FILE, write that here too",
    );
  const required: RequiredPolicy = requirePolicy(context, domain, options);
  const now = explainRequest(context, required, asOfNow(request));
  return { now, put: now.allow === null ? [] : placeOfLine(context.places, required, now.allow) };
}

/** A sealed domain that starts now has the files of now: which one has the name is looked up. */
function asOfNow(request: Request): Request {
  if (request.class !== "name" || !request.path.startsWith("/")) return request;
  return withInode(request.operation, request.path, hostNames);
}

function textOf({ now, put }: Answer, width: number): string {
  return (
    renderExplanation(now, spellRequest(now.request)) +
    put
      .map(
        (line, at) =>
          `${wrap(`  ${at === 0 ? "put  " : "     "} ${line}`, width, " ".repeat(9))}\n`,
      )
      .join("")
  );
}
