import type { CatalogueEntry } from "./entry.ts";

/** 12xx: the grammar of one rule. */
export const ruleEntries = {
  "bad-letter": {
    code: "CFD1201",
    severity: "error",
    title: "unknown permission letter",
    message: "`{letter}` in `{word}` is not a permission",
    fix:
      "the letters are r (read), w (write), c (create), d (delete), x (execute), m (map), " +
      "a (attributes), i (ioctl)",
    explanation: "A line under `files` begins with the permissions, then come the paths.",
    example: "files: [rk /etc/hosts]",
  },
  "repeated-letter": {
    code: "CFD1202",
    severity: "error",
    title: "permission letter twice",
    message: "`{letter}` is written twice in `{word}`",
    fix: "write it once",
    explanation: "A repeated letter is most likely a typing error for another letter.",
    example: "files: [rr /etc/hosts]",
  },
  "missing-operand": {
    code: "CFD1203",
    severity: "error",
    title: "nothing after the operation",
    message: "`{rule}` does not say what it applies to",
    fix: "a line has the form {form}",
    explanation: "A rule without an operand grants nothing and denies nothing.",
    example: "files: [r]",
  },
  "bad-operation": {
    code: "CFD1204",
    severity: "error",
    title: "unknown network operation",
    message: "`{word}` is not a network operation",
    fix: "begin with one of: {known}",
    explanation:
      "`connect` covers connecting and addressed sends, `listen` covers bind and listen, and for " +
      "UDP the answers to what was received.",
    example: "network: [conect tcp 80]",
  },
  "bad-protocol": {
    code: "CFD1205",
    severity: "error",
    title: "unknown protocol",
    message: "`{word}` is not a protocol for `{operation}`",
    fix: "write one of: tcp, udp, unix",
    explanation:
      "SCTP, SMC and multipath TCP are never granted: no layer of the kernel sees their addresses.",
    example: "network: [connect sctp 80]",
  },
  "bad-place": {
    code: "CFD1206",
    severity: "error",
    title: "not an address and port",
    message: "`{word}` is not an address and port for `{operation}`: {reason}",
    fix: "for example 443, 1024-65535, *, 10.0.0.0/8:8080, [2001:db8::/32]:443, loopback:6379",
    explanation:
      "Write a port, a range of ports, or an address with its prefix and a port. Host names " +
      "are not accepted: their addresses may change after the start.",
    example: "network: [connect tcp example.org:443]",
  },
  "host-bits": {
    code: "CFD1207",
    severity: "error",
    title: "address outside its network",
    message: "`{word}` has bits set outside its prefix",
    fix: "write the network as {network}",
    explanation: "Either the address or the prefix is not what was meant.",
    example: "network: [connect tcp 10.1.2.3/8:80]",
  },
  "bad-socket": {
    code: "CFD1208",
    severity: "error",
    title: "unknown socket protocol",
    message: "`{word}` is not a protocol of {family} sockets",
    fix: "write one of: {known}, or `*` for all",
    explanation:
      "Socket families beside TCP, UDP and unix are granted by protocol, without addresses.",
    example: "network: [netlink rout]",
  },
  "extra-operand": {
    code: "CFD1209",
    severity: "error",
    title: "too many words",
    message: "`{word}` has no meaning here",
    fix: "a line has the form {form}",
    explanation: "A rule with words that have no meaning is refused.",
    example: "network: [ping 10.0.0.1]",
  },
  "bad-transition": {
    code: "CFD1210",
    severity: "error",
    title: "not a transition",
    message: "`{rule}` is not a transition",
    fix: "a line has the form PATH -> DOMAIN",
    explanation: "A transition names a program and the domain in which it is to run.",
    example: "transitions: [/usr/sbin/sendmail mail]",
  },
  "bad-reference": {
    code: "CFD1211",
    severity: "error",
    title: "not a variable",
    message: "`{word}` contains a `${` without a variable's name",
    fix: "write the variable's name in braces after the dollar sign, or `\\$` for a dollar sign",
    explanation:
      "A variable's name has lower-case letters, digits, `_` and `-`, and begins with a letter.",
    example: 'files: ["r ${web root}/**"]',
  },
  "bad-path": {
    code: "CFD1212",
    severity: "error",
    title: "not an absolute path",
    message: "`{word}` is not a plain absolute path",
    fix:
      "write it from `/`, without `.`, `..`, `//`, a `/` at its end, or characters that " +
      "have a meaning in patterns",
    explanation: "Entries, transitions and set-user-id programs are files, not patterns.",
    example: "enter: [{ exec: nginx }]",
  },
  "bad-unit": {
    code: "CFD1213",
    severity: "error",
    title: "not a unit",
    message: "`{word}` is not the name of a systemd unit",
    fix: "write it with its suffix, for example nginx.service",
    explanation: "Units that can start a daemon end in .service, .scope or .slice.",
    example: "enter: [{ unit: nginx }]",
  },
  "bad-pattern": {
    code: "CFD1214",
    severity: "error",
    title: "not a pattern",
    message: "`{pattern}` is not a pattern: {reason}",
    fix: "see the chapter on patterns in docs/language.md",
    explanation:
      "Paths begin with `/` and are canonical, abstract socket names begin with `@`. `*` and " +
      "`?` never match a `/`, `**` does.",
    example: "files: [r etc/hosts]",
  },
  "double-deny": {
    code: "CFD1215",
    severity: "error",
    title: "`deny` twice",
    message: "`deny` is written twice",
    fix: "write it once; a denial cannot be taken back",
    explanation: "A denial overrides every grant, whatever the order; there is no exception to it.",
    example: "capabilities: [deny deny chown]",
  },
  "quoted-word": {
    code: "CFD1216",
    severity: "error",
    title: "quotes inside a rule",
    message: "`{word}` begins with a quote, which means nothing inside a rule",
    fix:
      "leave the quotes out: a space in a name is written as `\\ `, and quotes go around whole " +
      "lines",
    explanation:
      "YAML removes quotes only around a whole value. Inside a line they would be part of a name.",
    example: 'files:\n  - r "/srv/my files/**"',
  },
} as const satisfies Record<string, CatalogueEntry>;
