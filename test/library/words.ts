import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { formatPlace } from "../../src/kinds/addresses/policy.ts";
import { formatSocket } from "../../src/kinds/sockets/model.ts";
import { Permission, type PermissionSet } from "../../src/model/permission.ts";
import type { NameRule, Policy } from "../../src/model/policy.ts";
import type { Effect, Source } from "../../src/model/rule.ts";
import { policyFile, shippedPolicy } from "./policy.ts";

/** What a domain is granted beyond the abstractions that it includes, a line for each kind. */
export function inWords(name: string): readonly string[] {
  const policy = shippedPolicy(name);
  const own = <R extends { readonly effect: Effect; readonly source: Source }>(
    rules: readonly R[],
  ) => rules.filter(({ effect, source }) => effect === "allow" && source.file === policyFile(name));
  const names = own(policy.names);
  const files = names.filter(({ pattern }) => pattern.startsWith("/"));
  const has = (bit: PermissionSet) => (rule: NameRule) => (rule.permissions & bit) !== 0;
  const writes = has(Permission.write | Permission.create | Permission.delete);
  const executes = has(Permission.execute);
  const reads = has(Permission.read);
  const lines: readonly (readonly [string, readonly string[]])[] = [
    ["listens on", listening(own(policy.addresses), names)],
    ["connects to", connecting(own(policy.addresses), names)],
    ["opens", own(policy.sockets).map((rule) => formatSocket(rule))],
    ["runs", files.filter(executes).map(({ pattern }) => pattern)],
    ["writes", files.filter(writes).map(({ pattern }) => pattern)],
    [
      "reads",
      files.filter((rule) => reads(rule) && !writes(rule) && !executes(rule)).map(patternOf),
    ],
    ["capabilities", own(policy.capabilities).map(({ token }) => token)],
    ["memory", own(policy.memory).map(({ token }) => token)],
    ["ipc", own(policy.ipc).map(({ token }) => token)],
    ["includes", included(name)],
  ];
  return lines
    .filter(([, all]) => all.length > 0)
    .map(([what, all]) => `${what} ${[...new Set(all)].map((one) => `\`${one}\``).join(", ")}`);
}

const patternOf = ({ pattern }: NameRule): string => pattern;

function listening(addresses: Policy["addresses"], names: readonly NameRule[]): readonly string[] {
  return [
    ...addresses.filter(({ operation }) => operation === "listen").map(placeOf),
    ...names.filter(({ permissions }) => (permissions & Permission.listen) !== 0).map(patternOf),
  ];
}

function connecting(addresses: Policy["addresses"], names: readonly NameRule[]): readonly string[] {
  return [
    ...addresses.filter(({ operation }) => operation === "connect").map(placeOf),
    ...names.filter(({ permissions }) => (permissions & Permission.connect) !== 0).map(patternOf),
  ];
}

const placeOf = (rule: Policy["addresses"][number]): string =>
  `${rule.protocol} ${formatPlace(rule)}`;

function included(name: string): readonly string[] {
  const { include = [] } = parse(readFileSync(policyFile(name), "utf8")) as {
    readonly include?: readonly string[];
  };
  return include;
}
