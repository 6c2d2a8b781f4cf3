import { expect, test } from "vitest";
import { routes } from "../../src/agent/api/routes.ts";
import type { ListSchema, ObjectSchema, Schema } from "../../src/base/schema.ts";
import * as answers from "../../src/host/agent-answers.ts";
import { shownEvidence } from "../../src/host/evidence.ts";

/** By which schema the agent's clients read the answer of a route. */
const schemas: Readonly<Record<string, Schema<unknown>>> = {
  "GET /v1/status": answers.agentStatus,
  "GET /v1/domains": answers.shownDomains,
  "GET /v1/domains/{domain}": answers.shownDetails,
  "GET /v1/domains/{domain}/evidence": shownEvidence,
  "PUT /v1/domains/{domain}/level": answers.shownChanges,
  "DELETE /v1/domains/{domain}/level": answers.shownChanges,
  "PUT /v1/level": answers.shownChanges,
  "DELETE /v1/level": answers.shownChanges,
  "POST /v1/domains/{domain}/reload": answers.reloaded,
  "POST /v1/reload": answers.reloaded,
  "GET /v1/exceptions": answers.shownExceptions,
  "POST /v1/domains/{domain}/exceptions": answers.addedException,
  "DELETE /v1/domains/{domain}/exceptions": answers.endedExceptions,
  "POST /v1/domains/{domain}/plan": answers.madePlan,
  "POST /v1/domains/{domain}/programs": answers.attachedPrograms,
  "POST /v1/domains/{domain}/arrival": answers.arrival,
  "POST /v1/sessions": answers.kept,
};

/** `changes[].name, .number` names two members of one list's objects. */
function documented(name: string): string[] {
  const [first = "", ...others] = name.replace(/\[\]$/, "").split(", ");
  const list = /^.*\[\]\./.exec(first)?.[0] ?? "";
  return [first, ...others.map((other) => list + other.replace(/^\./, ""))];
}

/** An answer that is one list alone is documented by the members of the list's objects. */
function members(schema: Schema<unknown>): string[] {
  const named = Object.entries((schema as ObjectSchema<never>).members);
  const [only] = named;
  if (named.length > 1 || only === undefined) return named.map(([name]) => name);
  const [list, value] = only as [string, ListSchema<unknown>];
  return members(value.each).map((name) => `${list}[].${name}`);
}

test.each(routes)("docs/control-api.md has the members of $method $path, and no other", (route) => {
  const schema = schemas[`${route.method} ${route.path}`];
  if (schema === undefined) throw new Error("which schema describes the answer is not said above");
  const written = route.answer.flatMap(({ name }) => documented(name));
  expect(written.sort()).toEqual(members(schema).sort());
});
