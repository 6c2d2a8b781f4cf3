import { renderDiagnostics } from "../../diagnostics/render.ts";
import type { Exception, Grant } from "../../domains/exceptions.ts";
import type { Actor } from "../../domains/levels.ts";
import type {
  AddedToDomain,
  EndedInDomain,
  ShownException,
  ShownExceptions,
} from "../../host/agent-answers.ts";
import { parseGrant } from "../../host/exception-grant.ts";
import { EXCEPTION_SECONDS_MAX } from "../exceptions/exceptions.ts";
import { PLAN_WAIT_MAX_MS } from "./limits.ts";
import { type AnswerField, ApiError, type Route } from "./route.ts";

/** Columns of what is wrong with a grant, for a client that is not the command line. */
const MESSAGE_WIDTH = 80;
const SECONDS_OF_DAY = 86_400;

const shownFields: readonly AnswerField[] = [
  { name: "exceptions[].domain, .id", doc: "an exception's number within its domain" },
  { name: "exceptions[].section, .line", doc: "what it grants, as a policy says it" },
  { name: "exceptions[].by, .since, .why", doc: "who added it, when and for what reason" },
  { name: "exceptions[].until", doc: "its end by the wall clock, ISO 8601" },
];

const afterwards: readonly AnswerField[] = [
  { name: "following", doc: "number of runs that have the change already" },
  {
    name: "restart[]",
    doc: "sealed runs, which have it after a restart: `pid`, `command`, `how`",
  },
];

export const exceptionRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/exceptions",
    access: "administer",
    summary: "the grants that end by themselves, of all domains",
    body: [],
    answer: shownFields,
    handle: ({ exceptions }): ShownExceptions => ({
      exceptions: exceptions
        .list()
        .map(({ domain, exception, until }) => show(domain, { ...exception, until })),
    }),
  },
  {
    method: "POST",
    path: "/v1/domains/{domain}/exceptions",
    access: "administer",
    summary: "add a grant that ends by itself; only root may",
    body: [
      {
        name: "grant",
        type: "grant",
        required: true,
        doc: "a line of `files`, `network` or `signals`, perhaps with its section before it",
      },
      { name: "seconds", type: "seconds", required: true, doc: "for how long; at most a week" },
      { name: "why", type: "why", required: true, doc: "the reason, for the log and the list" },
      { name: "dangerous", type: "yes", required: false, doc: "its dangers are known" },
    ],
    answer: [
      { name: "exception", doc: "as in the list of all" },
      { name: "dangers[]", doc: "why a person should think twice" },
      { name: "denials[]", doc: "denials of the policy that still win over some of it" },
      ...afterwards,
    ],
    waitMs: PLAN_WAIT_MAX_MS,
    async handle(agent, { domain, body, by }): Promise<AddedToDomain> {
      const { grant: typed = "", seconds = 0, why = "", dangerous = false } = body;
      requireRoot(by);
      if (seconds > EXCEPTION_SECONDS_MAX) throw tooLong();
      if (domain.endsWith("@")) throw ofTemplate(domain);
      const asked = { grant: grantOf(typed), seconds, why, dangerous };
      const added = await agent.addException(domain, asked, by);
      const { following, restart } = added.outcome;
      const { dangers, denials } = added;
      return { exception: show(domain, added.exception), dangers, denials, following, restart };
    },
  },
  {
    method: "DELETE",
    path: "/v1/domains/{domain}/exceptions",
    access: "administer",
    summary: "end exceptions of a domain before their time",
    body: [
      { name: "id", type: "id", required: false, doc: "of the only one to end; without it all" },
      {
        name: "promoted",
        type: "yes",
        required: false,
        doc: "the policy file has got the line, so that the event says so",
      },
    ],
    answer: [
      { name: "exceptions[]", doc: "those that have ended, as in the list of all" },
      ...afterwards,
    ],
    async handle(agent, { domain, body, by }): Promise<EndedInDomain> {
      const { id = null, promoted = false } = body;
      const { ended, outcome } = await agent.endExceptions(domain, id, promoted, by);
      const { following, restart } = outcome;
      const exceptions = ended.map((exception) => show(domain, exception));
      return { exceptions, following, restart };
    },
  },
];

function show(domain: string, exception: Exception): ShownException {
  const { id, section, line, by, since, until, why } = exception;
  return { domain, id, section, line, by, since, until, why };
}

/** It widens a policy, which only root may write. */
function requireRoot({ uid }: Actor): void {
  if (uid !== 0)
    throw new ApiError(403, "only root may widen a policy", "try again with sudo, or ask root");
}

function tooLong(): ApiError {
  const days = EXCEPTION_SECONDS_MAX / SECONDS_OF_DAY;
  return new ApiError(
    400,
    `an exception lasts at most ${days} days`,
    "what is needed for longer belongs into the policy",
  );
}

/** Its instances are domains of their own, with processes of their own. */
function ofTemplate(domain: string): ApiError {
  return new ApiError(
    400,
    `\`${domain}\` is a template: an exception is for one of its instances`,
    `name it: ${domain}INSTANCE`,
  );
}

function grantOf(typed: string): Grant {
  const parsed = parseGrant(typed);
  if (parsed.state === "good") return parsed.grant;
  if (parsed.state === "refused") throw new ApiError(400, parsed.why, parsed.help);
  const { diagnostics, sources } = parsed;
  const text = renderDiagnostics(diagnostics, { color: false, sources, width: MESSAGE_WIDTH });
  throw new ApiError(400, "the grant is no line of a policy", text.trim());
}
