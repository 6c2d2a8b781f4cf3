import { formatPlace } from "../kinds/addresses/policy.ts";
import { wordSections } from "../kinds/model.ts";
import { formatFile, formatUnix } from "../kinds/names/policy.ts";
import { formatSocket } from "../kinds/sockets/model.ts";
import type { AddressRule, Entry, Policy, SocketRule, TokenRule } from "../model/policy.ts";
import type { KeyName } from "./language.ts";

/**
 * Prints the policy as one self-contained file: includes, variables and groups are written out.
 * Loading it under the policy's name gives the same `Policy` except for the sources of rules. Every
 * scalar is quoted as in JSON, which is valid YAML.
 */
export function printPolicy(policy: Policy): string {
  const lines = [
    ...scalar("domain", policy.name),
    ...scalar("summary", policy.summary),
    ...scalar("level", policy.level),
    ...scalar("mediation", policy.mediation),
    ...section(
      "enter",
      policy.entries.map((entry) =>
        entry.kind === "exec" ? { exec: entry.path } : printUnit(entry),
      ),
    ),
    ...section(
      "files",
      policy.names.flatMap((rule) => ruleLine(rule, formatFile)),
    ),
    ...section("network", [
      ...policy.names.flatMap((rule) => ruleLine(rule, formatUnix)),
      ...policy.addresses.map(printAddress),
      ...policy.sockets.map(printSocket),
    ]),
    ...wordSections.flatMap((key) => section(key, policy[key].map(printToken))),
    ...section(
      "transitions",
      policy.transitions.map(({ path, into }) => `${path} -> ${into}`),
    ),
    ...scalar("user", policy.user),
    ...scalar("group", policy.group),
    ...section("set-user-id", policy.setUserId),
    ...scalar("core-dumps", policy.coreDumps),
    ...scalar("late-names", policy.lateNames),
    ...section("best-effort", policy.bestEffort),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

type UnitEntry = Extract<Entry, { kind: "unit" }>;

function printUnit({ unit, outside }: UnitEntry) {
  return { unit, ...(outside === undefined ? {} : { outside }) };
}

function scalar(key: KeyName, value: string | null): string[] {
  return value === null || value === "" ? [] : [`${key}: ${JSON.stringify(value)}`];
}

function section(
  key: KeyName,
  items: readonly (string | Readonly<Record<string, string | readonly string[]>>)[],
): string[] {
  return items.length === 0
    ? []
    : [`${key}:`, ...items.map((item) => `  - ${JSON.stringify(item)}`)];
}

function ruleLine<R extends { readonly effect: "allow" | "deny" }>(
  rule: R,
  format: (rule: R) => string | null,
): string[] {
  const line = format(rule);
  return line === null ? [] : [denied(rule, line)];
}

function printAddress(rule: AddressRule): string {
  return denied(rule, `${rule.operation} ${rule.protocol} ${formatPlace(rule)}`);
}

function printSocket(rule: SocketRule): string {
  return denied(rule, formatSocket(rule));
}

function printToken(rule: TokenRule): string {
  return denied(rule, rule.token);
}

function denied({ effect }: { readonly effect: "allow" | "deny" }, text: string): string {
  return effect === "deny" ? `deny ${text}` : text;
}
