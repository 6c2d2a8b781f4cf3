import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { formatPlace } from "../../src/kinds/addresses/policy.ts";
import { formatSocket } from "../../src/kinds/sockets/model.ts";
import { Permission, type PermissionSet } from "../../src/model/permission.ts";
import type { NameRule, Policy } from "../../src/model/policy.ts";
import type { Effect, Source } from "../../src/model/rule.ts";
import { policyFile, shippedPolicy } from "./policy.ts";

/**
 * What a domain is granted, a line for each kind: everything, but what every daemon has (`daemon`
 * and `name-service`), and of what it reads only what its own file says.
 */
export function inWords(name: string): readonly string[] {
  const policy = shippedPolicy(name);
  const all = <R extends Ruled>(rules: readonly R[]) =>
    rules.filter(({ effect, source }) => effect === "allow" && !isEveryDaemons(source));
  const own = <R extends Ruled>(rules: readonly R[]) =>
    all(rules).filter(({ source }) => source.file === policyFile(name));
  const names = own(policy.names);
  const isFile = ({ pattern }: NameRule) => pattern.startsWith("/");
  const files = names.filter(isFile);
  const allFiles = all(policy.names).filter(isFile);
  const has = (bit: PermissionSet) => (rule: NameRule) => (rule.permissions & bit) !== 0;
  const writes = has(Permission.write | Permission.create | Permission.delete);
  const executes = has(Permission.execute);
  const reads = has(Permission.read);
  const lines: readonly (readonly [string, readonly string[]])[] = [
    ["listens on", listening(all(policy.addresses), all(policy.names))],
    ["connects to", connecting(all(policy.addresses), all(policy.names))],
    ["opens", all(policy.sockets).map((rule) => formatSocket(rule))],
    ["runs", allFiles.filter(executes).map(({ pattern }) => pattern)],
    ["writes", allFiles.filter(writes).map(({ pattern }) => pattern)],
    [
      "reads",
      files.filter((rule) => reads(rule) && !writes(rule) && !executes(rule)).map(patternOf),
    ],
    ["capabilities", all(policy.capabilities).map(({ token }) => token)],
    ["memory", all(policy.memory).map(({ token }) => token)],
    ["ipc", all(policy.ipc).map(({ token }) => token)],
    ["includes", included(name)],
  ];
  return lines
    .filter(([, words]) => words.length > 0)
    .map(([what, words]) => `${what} ${[...new Set(words)].map((one) => `\`${one}\``).join(", ")}`);
}

interface Ruled {
  readonly effect: Effect;
  readonly source: Source;
}

const isEveryDaemons = ({ file }: Source): boolean =>
  /\/abstractions\/(?:base|daemon|name-service)\.yaml$/.test(file);

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
