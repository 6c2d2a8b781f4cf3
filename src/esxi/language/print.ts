import { groups } from "../../kernel/syscall-groups.ts";
import { formatPorts } from "../../model/network.ts";
import { formatLetters } from "../../model/permission.ts";
import type { AddressRule, NameRule, Policy, TokenRule } from "../../model/policy.ts";
import { printPolicy } from "../../policy/print.ts";
import { callsOfClass, syscallClasses } from "./keywords.ts";
import type { PathKind } from "./path-tree.ts";

/**
 * Prints a policy in ESXi's rule language. What the language cannot express exactly becomes a
 * comment that {@link parseRules} understands. So reading the text again gives a policy of the same
 * meaning.
 */
export function printRules(policy: Policy, kindOf: (path: string) => PathKind): string {
  const classes = printClasses(policy.syscalls);
  const sockets = printSockets(policy.addresses, policy.syscalls);
  const paths = printPaths(policy.names, kindOf);
  const granted = new Set([...(groups()["@default"] ?? []), ...classes.calls, ...sockets.calls]);
  const rest: Policy = {
    ...policy,
    names: policy.names.filter((rule) => !paths.said.has(rule)),
    addresses: policy.addresses.filter((rule) => !sockets.said.has(rule)),
    syscalls: folded(
      policy.syscalls.filter(({ effect, token }) => effect === "deny" || !granted.has(token)),
    ),
  };
  return [...classes.lines, ...sockets.lines, ...paths.lines, ...comments(rest)]
    .map((line) => `${line}\n`)
    .join("");
}

function printClasses(rules: readonly TokenRule[]) {
  const allowed = allowedCalls(rules);
  const names = Object.keys(syscallClasses).filter((name) => {
    const calls = callsOfClass(name);
    return calls.length > 0 && calls.every((call) => allowed.has(call));
  });
  return { lines: names.map((name) => `-s ${name} grant`), calls: names.flatMap(callsOfClass) };
}

function allowedCalls(rules: readonly TokenRule[]): ReadonlySet<string> {
  return new Set(rules.filter(({ effect }) => effect === "allow").map(({ token }) => token));
}

/**
 * Internet sockets without restriction of addresses and ports: the language has words for no
 * others. Its words make no difference between TCP and UDP.
 */
function printSockets(rules: readonly AddressRule[], syscalls: readonly TokenRule[]) {
  const calls = groups()["@network-io"] ?? [];
  const everywhere = rules.filter(
    (rule) => rule.effect === "allow" && rule.network === null && formatPorts(rule.ports) === "*",
  );
  const operations = (protocol: string): string =>
    everywhere
      .flatMap((rule) => (rule.protocol === protocol ? rule.operation : []))
      .sort()
      .join(" ");
  const protocols = ["tcp", "udp"].filter((protocol) => operations(protocol) !== "");
  const allowed = allowedCalls(syscalls);
  const same = new Set(protocols.map(operations)).size === 1;
  if (!same || !calls.every((call) => allowed.has(call)))
    return { lines: [], calls: [], said: new Set<AddressRule>() };
  const kinds = protocols.map(
    (protocol) => `-c inet_${protocol === "tcp" ? "stream" : "dgram"}_socket_create grant`,
  );
  const places = [
    ...new Set(everywhere.map(({ operation }) => (operation === "listen" ? "bind" : "connect"))),
  ].sort();
  return {
    lines: [...kinds, ...places.map((place) => `-p inet_socket_${place} all grant`)],
    calls,
    said: new Set(everywhere),
  };
}

/** Rules for plain paths whose letters mean the same when they are read again. */
function printPaths(rules: readonly NameRule[], kindOf: (path: string) => PathKind) {
  const letters = new Map<string, Set<string>>();
  const said = new Set<NameRule>();
  for (const rule of rules) {
    const path = plainPath(rule, kindOf);
    const words = path === null ? null : originalLetters(rule, kindOf(path));
    if (path === null || words === null) continue;
    said.add(rule);
    letters.set(path, new Set([...(letters.get(path) ?? []), ...words]));
  }
  const paths = [...letters.keys()].sort();
  const lines = paths.map((path) => {
    // In ESXi only the most specific path counts, so it repeats what a path above it grants.
    const above = paths.filter(
      (other) => other === path || path.startsWith(other === "/" ? "/" : `${other}/`),
    );
    const all = new Set(above.flatMap((one) => [...(letters.get(one) ?? [])]));
    return `-r ${path} ${[..."rwx"].filter((letter) => all.has(letter)).join("")}`;
  });
  return { lines, said };
}

/**
 * The path of an ESXi rule that means the same as this pattern on this host; null if there is none.
 */
function plainPath(
  { effect, pattern }: NameRule,
  kindOf: (path: string) => PathKind,
): string | null {
  const tree = pattern.endsWith("/**");
  const path = tree ? pattern.slice(0, -"/**".length) || "/" : pattern;
  if (effect === "deny" || !/^\/[^*?[\]{}\\#\s]*$/.test(path) || path.includes("//")) return null;
  const kind = path === "/" ? "directory" : kindOf(path);
  return (tree ? kind === "directory" : kind === "file" || kind === "device") ? path : null;
}

function originalLetters({ permissions }: NameRule, kind: PathKind): readonly string[] | null {
  const written = kind === "device" ? /^(r?)(w?)(x?)$/ : /^(r?)((?:wcd)?)(x?)$/;
  const ours = formatLetters(permissions);
  const match = written.exec(ours);
  return ours === "" || match === null ? null : match.slice(1).flatMap((part) => part.slice(0, 1));
}

/** Replaces calls by groups, largest first; a group must stand for more than one call. */
function folded(rules: readonly TokenRule[]): readonly TokenRule[] {
  const left = new Map(
    rules.filter(({ effect }) => effect === "allow").map((rule) => [rule.token, rule]),
  );
  const bySize = Object.entries(groups()).sort(([, a], [, b]) => b.length - a.length);
  const names: TokenRule[] = [];
  for (const [group, members] of bySize) {
    const first = left.get(members[0] ?? "");
    if (first === undefined || members.length < 2 || !members.every((member) => left.has(member)))
      continue;
    names.push({ ...first, token: group });
    for (const member of members) left.delete(member);
  }
  return [...names, ...left.values(), ...rules.filter(({ effect }) => effect === "deny")];
}

/** The rest of the policy as comments, without the level, which a dump has in its header. */
function comments(policy: Policy): readonly string[] {
  let key = "";
  return printPolicy(policy)
    .trimEnd()
    .split("\n")
    .flatMap((line) => {
      const [, name = "", value = ""] = /^([a-z-]+): ?(.*)$/.exec(line) ?? [];
      if (name !== "") key = name;
      if (key === "level") return [];
      if (name !== "") return value === "" ? [] : [`#+ ${name}: ${value}`];
      return [`#+ ${key}: ${line.replace(/^ {2}- /, "")}`];
    });
}
