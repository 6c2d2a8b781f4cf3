import { formatPlace } from "../kinds/addresses/policy.ts";
import { wordSections } from "../kinds/model.ts";
import { formatSocket } from "../kinds/sockets/model.ts";
import { formatLetters, Permission } from "../model/permission.ts";
import type { AddressRule, NameRule, Policy, SocketRule, TokenRule } from "../model/policy.ts";
import type { KeyName } from "./language.ts";

/**
 * The policy as a file that needs no other: includes, variables and groups are written out. Loading
 * it under the policy's name gives the same `Policy` but for the sources of its rules. Every scalar
 * is quoted as in JSON, which is YAML as well.
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
        entry.kind === "exec" ? { exec: entry.path } : { unit: entry.unit },
      ),
    ),
    ...section(
      "files",
      policy.names.map(printFile).filter((line) => line !== null),
    ),
    ...section("network", [
      ...policy.names.map(printUnix).filter((line) => line !== null),
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
    ...section("best-effort", policy.bestEffort),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function scalar(key: KeyName, value: string | null): string[] {
  return value === null || value === "" ? [] : [`${key}: ${JSON.stringify(value)}`];
}

function section(
  key: KeyName,
  items: readonly (string | Readonly<Record<string, string>>)[],
): string[] {
  return items.length === 0
    ? []
    : [`${key}:`, ...items.map((item) => `  - ${JSON.stringify(item)}`)];
}

function printFile(rule: NameRule): string | null {
  const letters = formatLetters(rule.permissions);
  return letters === "" ? null : denied(rule, `${letters} ${rule.pattern}`);
}

function printUnix(rule: NameRule): string | null {
  if ((rule.permissions & Permission.connect) !== 0)
    return denied(rule, `connect unix ${rule.pattern}`);
  return (rule.permissions & Permission.listen) !== 0
    ? denied(rule, `listen unix ${rule.pattern}`)
    : null;
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
