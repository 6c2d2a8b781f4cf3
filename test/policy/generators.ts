import fc from "fast-check";
import { capabilityNames } from "../../src/kinds/capabilities/model.ts";
import { eachSection, type WordSection, wordKinds } from "../../src/kinds/model.ts";
import { mediations } from "../../src/model/policy.ts";

const component = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,5}$/);
const piece = fc.oneof(
  { weight: 5, arbitrary: component },
  fc.constantFrom(
    "*",
    "**",
    "?x",
    "{a,b}",
    "[a-c]",
    "[!x]y",
    "a\\ b",
    "\\*",
    "\\$\\{x",
    "ä",
    "c:d",
    "#e",
    "'f'",
    '"g"',
    "$h",
  ),
);
const path = fc
  .array(piece, { minLength: 1, maxLength: 4 })
  .map((pieces) => `/${pieces.join("/").replaceAll(/\*\*(\/\*\*)+/g, "**")}`);
const letters = fc
  .shuffledSubarray([..."rwcdxmai"], { minLength: 1 })
  .map((chosen) => chosen.join(""));
const deny = fc.constantFrom("", "", "deny ");
const entry = fc.constantFrom(
  { exec: "/usr/sbin/nginx" },
  { unit: "nginx.service" },
  { unit: "nginx.service", outside: ["ExecReload", "ExecStop"] },
);
const joined = (...parts: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...parts).map((texts) => texts.join(""));
const space = fc.constant(" ");

const fileLine = joined(deny, letters, space, path);
const port = fc.oneof(
  fc.nat(65535).map(String),
  fc.constant("*"),
  fc.tuple(fc.nat(30000), fc.nat(30000)).map(([a, b]) => `${a}-${a + b}`),
);
const host = fc.oneof(
  fc.constantFrom(
    "loopback:",
    "*:",
    "",
    "10.0.0.0/8:",
    "0.0.0.0/0:",
    "192.168.128.0/17:",
    "[::]:",
    "[2001:db8::/32]:",
    "[fe80::]:",
  ),
  fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)).map(([a, b, c]) => `10.${a}.${b}.${c}:`),
  fc
    .array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 7, maxLength: 7 })
    .map((groups) => `[2001:${groups.map((group) => group.toString(16)).join(":")}]:`),
);
const address = joined(
  deny,
  fc.constantFrom("connect ", "listen "),
  fc.constantFrom("tcp ", "udp "),
  host,
  port,
);
const socketName = fc.oneof(
  path,
  component.map((name) => `@${name}`),
  fc.constant("@/tmp/x*"),
);
const unix = joined(deny, fc.constantFrom("connect unix ", "listen unix "), socketName);
const family = joined(
  deny,
  fc.constantFrom(
    "netlink route",
    "netlink 31",
    "netlink *",
    "ping",
    "raw icmp",
    "raw 99",
    "raw *",
    "packet",
    "vsock",
  ),
);
const list = (line: fc.Arbitrary<string>): fc.Arbitrary<string[]> =>
  fc.array(line, { maxLength: 4 });
const tokens = (...names: string[]): fc.Arbitrary<string[]> =>
  list(joined(deny, fc.constantFrom(...names)));

/** Words of the sections that have no closed list of them. */
const words: Readonly<Partial<Record<WordSection, readonly string[]>>> = {
  capabilities: capabilityNames,
  syscalls: ["openat", "mount", "@system-service", "@mount"],
  signals: ["self", "any", "php-fpm"],
};

/** Text of policies without an error, every section at times. JSON is YAML. */
export const policyText: fc.Arbitrary<string> = fc
  .record(
    {
      summary: fc.constantFrom("a web server", "ä: # 'x' \\ \"y\""),
      level: fc.constantFrom("enforcing", "warning", "disabled"),
      mediation: fc.constantFrom(...mediations),
      enter: fc.array(entry, { maxLength: 2 }),
      files: list(fileLine),
      network: list(fc.oneof(address, unix, family)),
      ...eachSection<Record<WordSection, fc.Arbitrary<string[]>>>((section) =>
        tokens(...(wordKinds[section].words ?? words[section] ?? [])),
      ),
      transitions: fc.array(fc.constant("/usr/sbin/sendmail -> mail@x"), { maxLength: 2 }),
      user: fc.constantFrom("www-data", "_apt"),
      group: fc.constant("www-data"),
      "set-user-id": fc.array(fc.constantFrom("/usr/bin/sudo", "/bin/ping"), { maxLength: 3 }),
      "best-effort": fc.array(fc.constantFrom("unix", "ipc"), { maxLength: 3 }),
    },
    { requiredKeys: ["level"] },
  )
  .map((policy) => JSON.stringify(policy));
