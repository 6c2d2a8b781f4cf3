import { unprintable } from "../../base/printable.ts";
import { jsonOf } from "../../base/read-json.ts";
import { isObject } from "../../base/schema.ts";
import { isAnchorName } from "../../domains/cgroup-path.ts";
import { GRANT_LENGTH_MAX } from "../../host/exception-grant.ts";
import { isServiceName } from "../../host/units/unit.ts";
import { levels } from "../../model/policy.ts";
import { parseDomainName } from "../../policy/names.ts";
import { FOR_SECONDS_MAX, GROUPS_LENGTH_MAX, WHY_LENGTH_MAX } from "./limits.ts";
import { ApiError, type ApiRequest, type BodyField, type Route } from "./route.ts";

export interface Matched<Subject> {
  readonly route: Route<Subject>;
  readonly domain: string;
}

/** A path is not decoded: no domain's name needs it. */
export function matchRoute<Subject>(
  routes: readonly Route<Subject>[],
  method: string,
  url: string,
): Matched<Subject> {
  const matches = routes.flatMap((route) => {
    const domain = matchPath(route.path, url);
    return domain === null ? [] : [{ route, domain }];
  });
  const matched = matches.find(({ route }) => route.method === method);
  if (matched === undefined) throw matches.length > 0 ? notAllowed(method, matches) : notFound();
  if (matched.domain !== "" && parseDomainName(matched.domain) === null)
    throw new ApiError(
      400,
      "that is not the name of a domain",
      "see docs/language.md for what names look like",
    );
  return matched;
}

/** Returns what stands for `{domain}`, empty without one; null for another path. */
function matchPath(pattern: string, url: string): string | null {
  const want = pattern.split("/");
  const have = url.split("/");
  if (want.length !== have.length) return null;
  let domain = "";
  for (const [i, part] of want.entries()) {
    const word = have[i] ?? "";
    if (part === "{domain}" && word !== "") domain = word;
    else if (part !== word) return null;
  }
  return domain;
}

function notFound(): ApiError {
  return new ApiError(404, "there is no such resource", "docs/control-api.md has them all");
}

function notAllowed(method: string, matches: readonly Matched<never>[]): ApiError {
  const methods = matches.map(({ route }) => route.method).join(", ");
  return new ApiError(405, `${method} is not possible here`, `possible: ${methods}`);
}

/** JSON with the route's fields only, all of them present. An empty body has no members. */
export function parseBody<Subject>(route: Route<Subject>, text: string): ApiRequest["body"] {
  const value = text === "" ? {} : parsed(text);
  if (!isObject(value)) throw bad("the body is no JSON object");
  const members = new Map(Object.entries(value));
  const unknown = [...members.keys()].find((key) => !route.body.some(({ name }) => name === key));
  if (unknown !== undefined) throw bad(`the body has a member \`${unknown.slice(0, 40)}\``);
  const missing = route.body.find(({ name, required }) => required && !members.has(name));
  if (missing !== undefined) throw bad(`the body lacks \`${missing.name}\``);
  for (const { name, type } of route.body) {
    if (members.has(name) && !isOfType(members.get(name), type))
      throw bad(`\`${name}\` is no ${words[type]}`);
  }
  return Object.fromEntries(members);
}

const words = {
  level: "level: enforcing, warning or disabled",
  seconds: `whole number of seconds from 1 to ${FOR_SECONDS_MAX}`,
  unit: "name of a service",
  groups: `list of at most ${GROUPS_LENGTH_MAX} characters`,
  anchor: "name of a domain's control group",
  grant: `text of at most ${GRANT_LENGTH_MAX} characters`,
  why: `reason: one line of at most ${WHY_LENGTH_MAX} characters, and not empty`,
  id: "number of an exception",
  yes: "truth value",
} as const;

function isOfType(value: unknown, type: BodyField["type"]): boolean {
  if (type === "level") return levels.some((level) => level === value);
  if (type === "unit") return typeof value === "string" && isServiceName(value);
  if (type === "groups") return typeof value === "string" && value.length <= GROUPS_LENGTH_MAX;
  if (type === "anchor") return typeof value === "string" && isAnchorName(value);
  if (type === "grant") return typeof value === "string" && value.length <= GRANT_LENGTH_MAX;
  if (type === "why") return typeof value === "string" && isReason(value);
  if (type === "yes") return typeof value === "boolean";
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1) return false;
  return type === "id" || value <= FOR_SECONDS_MAX;
}

/** The event log, a list in a terminal and vmkernel.log have it in one line. */
function isReason(text: string): boolean {
  return text.trim() !== "" && text.length <= WHY_LENGTH_MAX && text.search(unprintable) < 0;
}

function parsed(text: string): unknown {
  const value = jsonOf(text);
  if (value === undefined) throw bad("the body is no JSON");
  return value;
}

function bad(message: string): ApiError {
  return new ApiError(400, message, "docs/control-api.md says what belongs in it");
}
