import { diagnose } from "../../diagnostics/diagnose.ts";
import type { Report } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../diagnostics/nearest.ts";
import { parameters, socketPermissions } from "./keywords.ts";
import { meaningOf } from "./meaning-of.ts";
import type { Grant } from "./path-tree.ts";
import type { EsxiRule } from "./rule.ts";

type SocketRule = Extract<EsxiRule, { verb: "-c" }>;
type ParameterRule = Extract<EsxiRule, { verb: "-p" }>;

/**
 * What the rules say about sockets: `-c` which kinds a domain may make, `-p` where internet sockets
 * may connect and listen. The name of a unix socket is a path: the domain may connect where `-r`
 * grants w, and may bind there if a `-c` rule grants binding.
 */
export function socketGrants(
  kinds: readonly SocketRule[],
  places: readonly ParameterRule[],
  names: readonly Grant[],
  report: Report,
) {
  const known = kinds.filter((rule) => isKnown(rule, report));
  const network = [
    ...unixLines(known, names, report),
    ...inetLines(known, places, report),
    ...vsockLines(known, report),
  ];
  return { network: [...new Set(network)], syscalls: known.length > 0 ? ["@network-io"] : [] };
}

function isKnown({ name, span }: SocketRule, report: Report): boolean {
  const all: readonly string[] = socketPermissions;
  if (all.includes(name)) return true;
  report(
    diagnose(
      "esxi-keyword",
      span,
      { word: name, what: "permission of sockets" },
      nearest(name, all),
    ),
  );
  return false;
}

function unixLines(
  kinds: readonly SocketRule[],
  names: readonly Grant[],
  report: Report,
): readonly string[] {
  const rule = kinds.find(({ name }) => name.startsWith("unix_"));
  if (rule === undefined) return [];
  if (!names.some(({ effect }) => effect === "allow"))
    report(
      diagnose("esxi-nothing", rule.span, {
        rule: rule.text,
        instead: "grant w to the sockets' names with -r",
      }),
    );
  const binds = kinds.some(({ name }) => /^unix_.*_bind$/.test(name));
  return names.flatMap(({ effect, patterns }) =>
    (binds ? ["connect", "listen"] : ["connect"]).map(
      (operation) => `${effect === "deny" ? "deny " : ""}${operation} unix ${patterns.join(" ")}`,
    ),
  );
}

function inetLines(
  kinds: readonly SocketRule[],
  places: readonly ParameterRule[],
  report: Report,
): readonly string[] {
  const protocols = (["tcp", "udp"] as const).filter((protocol) => {
    const name = protocol === "tcp" ? "inet_stream_socket_create" : "inet_dgram_socket_create";
    return kinds.some((kind) => kind.name === name);
  });
  return places.flatMap((rule) => {
    const selectors = meaningOf(parameters, rule.name);
    if (selectors === undefined || !selectors.includes(rule.selector)) {
      const what = selectors === undefined ? "parametrised permission" : `selector of ${rule.name}`;
      report(
        diagnose("esxi-keyword", rule.span, {
          word: selectors === undefined ? rule.name : rule.selector,
          what,
        }),
      );
      return [];
    }
    if (protocols.length === 0) {
      const instead = "grant -c inet_stream_socket_create or -c inet_dgram_socket_create";
      report(diagnose("esxi-nothing", rule.span, { rule: rule.text, instead }));
    }
    const both = places.some(
      (other) =>
        other.name === rule.name &&
        ["all", rule.selector === "nonloopback" ? "loopback" : "all"].includes(other.selector),
    );
    return protocols.flatMap((protocol) => inetLine(rule, protocol, both));
  });
}

/** `nonloopback` alone means every address but loopback. */
function inetLine(
  { name, selector }: ParameterRule,
  protocol: string,
  both: boolean,
): readonly string[] {
  const operation = name === "inet_socket_bind" ? "listen" : "connect";
  if (selector === "loopback") return [`${operation} ${protocol} loopback:*`];
  const all = `${operation} ${protocol} *`;
  return selector === "nonloopback" && !both
    ? [all, `deny ${operation} ${protocol} loopback:*`]
    : [all];
}

function vsockLines(kinds: readonly SocketRule[], report: Report): readonly string[] {
  const rules = kinds.filter(({ name }) => name.includes("vsock"));
  for (const { span, text, name } of rules) {
    if (/trusted|provide_service/.test(name)) {
      const why = "virtual machine sockets have no such service on Linux";
      report(diagnose("esxi-no-meaning", span, { rule: text, why, instead: "leave it out" }));
    } else
      report(
        diagnose("esxi-whole", span, {
          rule: text,
          ours: "vsock",
          instead: "remove it where the daemon can do without",
        }),
      );
  }
  return rules.some(({ name }) => !/trusted|provide_service/.test(name)) ? ["vsock"] : [];
}
