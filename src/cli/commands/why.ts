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
      description: "an event: its number in the log, its id, or the beginning of its id",
    },
  ],
  summary: "why something was denied, and what would allow it",
  description: [
    "Shows the event, its total count, and what the domain's present policy says about it: the " +
      "rule that denies it, or that no rule grants it and which one comes nearest; the line that " +
      "would allow it, which was tried, and the file for that line; what ordinary permissions, " +
      "AppArmor or SELinux refuse besides, as far as the host tells. If the daemon was started " +
      "with --policy FILE, give it here too.",
    "Exit status: 0 if the present policy grants the access, or the event is not a denial; 1 if " +
      "it is still denied.",
  ],
  options: [policyOption, setOption, jsonOption],
  examples: [
    { line: "cofferdam why 812", what: "the event that `cofferdam events` shows with this number" },
    {
      line: "cofferdam why --policy ./tool.yaml 812",
      what: "a daemon that was started with --policy",
    },
  ],
  run(context, [id = ""], options) {
    const seen = findEvent(context, id);
    const asked = requestOfEvent(seen.event);
    // Shows the event before asking the policy, which may fail.
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
  readonly now: Explanation;
  /** Where to add the line that would allow it, in sentences. */
  readonly put: readonly string[];
}

function ask(context: Context, event: Event, request: Request, options: Options): Answer {
  const domain = options.policy === undefined ? event.domain : undefined;
  if (domain !== undefined && libraryFile(context.places, domain) === null)
    throw new CommandError(
      `there is no policy of \`${domain}\` in the usual places`,
      "if the daemon was started with --policy FILE, give it here too",
    );
  const required: RequiredPolicy = requirePolicy(context, domain, options);
  const now = explainRequest(context, required, asOfNow(request), event.process);
  return { now, put: now.allow === null ? [] : placeOfLine(context.places, required, now.allow) };
}

/**
 * A sealed domain that starts now holds the files that exist now, so the name is looked up again.
 */
function asOfNow(request: Request): Request {
  if (request.class !== "name" || !request.path.startsWith("/")) return request;
  return withInode(request.operation, request.path, hostNames);
}

function textOf({ now, put }: Answer, width: number): string {
  return (
    renderExplanation(now, spellRequest(now.request), width) +
    put
      .map(
        (line, at) =>
          `${wrap(`  ${at === 0 ? "put  " : "     "} ${line}`, width, " ".repeat(9))}\n`,
      )
      .join("")
  );
}
