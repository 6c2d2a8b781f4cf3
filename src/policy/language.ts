import { eachSection, type WordSection, wordKinds } from "../kinds/model.ts";
import { wordSyntax } from "../kinds/policy.ts";
import { coreDumps, levels, mediations } from "../model/policy.ts";
import { bestEffortNames, bestEfforts } from "./choices.ts";
import type { Key } from "./key.ts";

const wordKeys = eachSection<Record<WordSection, Key & { readonly shape: "rules" }>>((section) => {
  const { words } = wordKinds[section];
  const key = { shape: "rules", inAbstraction: true, ...wordSyntax[section].key } as const;
  return words === null ? key : { ...key, choices: words };
});

/**
 * The keys of a policy file: the parser, the JSON Schema and the reference page are all made from
 * this table, so that none of them can know a key that the others do not.
 */
export const keys = {
  domain: {
    shape: "text",
    inAbstraction: false,
    summary:
      "The name again, as a safeguard against a file copied under another name. May be left out; must equal the file's name.",
    form: "NAME",
    example: "domain: nginx",
    standard: "the file's name",
  },
  summary: {
    shape: "text",
    inAbstraction: true,
    summary: "What the daemon is, in a few words.",
    form: "TEXT",
    example: "summary: HTTP server and reverse proxy",
    standard: "empty",
  },
  level: {
    shape: "choice",
    inAbstraction: false,
    summary:
      "`enforcing` denies and logs what no rule grants, `warning` grants and logs it, `disabled` grants it silently.",
    form: "LEVEL",
    example: "level: warning",
    standard: "enforcing",
    choices: levels,
  },
  mediation: {
    shape: "choice",
    inAbstraction: false,
    summary:
      "`sealed`: the kernel decides, on the names that exist when the daemon starts. `supervised`: a mediator decides every call when it is made, so that level and policy can change while the daemon runs; each such call costs some microseconds (`cofferdam plan` lists them). At level `warning` every domain is supervised.",
    form: "MEDIATION",
    example: "mediation: sealed",
    standard: "sealed",
    choices: mediations,
  },
  enter: {
    shape: "entries",
    inAbstraction: false,
    summary:
      "Which programs and systemd units belong to the domain. Nothing enters by itself: what " +
      "`cofferdam run` does not start stays outside. `domain restart` restarts the units.",
    form: "{ exec: PATH } or { unit: UNIT }",
    example: "enter: [{ exec: /usr/sbin/nginx }, { unit: nginx.service }]",
    standard: "empty",
  },
  include: {
    shape: "texts",
    inAbstraction: true,
    summary: "Abstractions whose grants are added.",
    form: "NAME",
    example: "include: [base, name-service]",
    standard: "empty",
  },
  vars: {
    shape: "variables",
    inAbstraction: true,
    summary:
      "Variables with their defaults. `--set NAME=VALUE` gives another value. A list multiplies the rules that use it.",
    form: "NAME: VALUE or NAME: [VALUE, ...]",
    example: "vars: { webroot: /usr/share/nginx/html }",
    standard: "empty",
  },
  parameters: {
    shape: "parameters",
    inAbstraction: false,
    summary:
      "What an instance of a template must be given with `--set`. `pattern` says which values fit; without one, any value without a slash.",
    form: "NAME: DESCRIPTION or NAME: { description, default, pattern }",
    example: "parameters: { disk: { description: the image, pattern: /srv/vm/*.img } }",
    standard: "empty",
  },
  files: {
    shape: "rules",
    inAbstraction: true,
    summary: "What may be done to which names of files.",
    form: "LETTERS PATTERN... or deny [LETTERS] PATTERN...",
    example: "files: [r /etc/nginx/**, rwcd /var/lib/nginx/**]",
    standard: "empty",
  },
  network: {
    shape: "rules",
    inAbstraction: true,
    summary:
      "Which addresses, ports and unix sockets may be reached or served, and which other families of sockets may be used.",
    form: "[deny] connect|listen tcp|udp|unix PLACE... or [deny] netlink|raw PROTOCOL... or [deny] ping|packet|vsock",
    example: "network: [listen tcp 80 443, connect unix /run/php/*.sock]",
    standard: "empty",
  },
  ...wordKeys,
  transitions: {
    shape: "rules",
    inAbstraction: false,
    summary:
      "Programs whose execution leads into another domain. Checked, and not made yet: in a sealed domain they stay in it.",
    form: "PATH -> DOMAIN",
    example: "transitions: [/usr/sbin/sendmail -> mail]",
    standard: "empty",
  },
  user: {
    shape: "text",
    inAbstraction: false,
    summary: "The user the daemon runs as; may hold variables.",
    form: "NAME",
    example: "user: www-data",
    standard: "the caller's",
  },
  group: {
    shape: "text",
    inAbstraction: false,
    summary: "The group the daemon runs as; may hold variables.",
    form: "NAME",
    example: "group: www-data",
    standard: "that of `user`",
  },
  "set-user-id": {
    shape: "texts",
    inAbstraction: false,
    summary:
      "Set-user-id programs that must gain privileges when executed; naming one turns no_new_privs off.",
    form: "PATH",
    example: "set-user-id: [/usr/bin/sudo]",
    standard: "empty",
  },
  "core-dumps": {
    shape: "choice",
    inAbstraction: false,
    summary:
      "`none`: a crash of the daemon leaves no core file and starts no program. `allowed`: the " +
      "kernel does what `kernel.core_pattern` says, outside every grant: it may replace a file " +
      "`core` in any folder that the daemon can enter.",
    form: "CHOICE",
    example: "core-dumps: allowed",
    standard: "none",
    choices: coreDumps,
  },
  "best-effort": {
    shape: "choices",
    inAbstraction: false,
    summary: "Layers that may be missing on a host without stopping the start.",
    form: "LAYER",
    example: "best-effort: [ioctl]",
    standard: "empty",
    choices: bestEffortNames,
    meanings: bestEfforts,
  },
} as const satisfies Record<string, Key>;

export type KeyName = keyof typeof keys;

export function isKeyName(text: string): text is KeyName {
  return Object.hasOwn(keys, text);
}

export function keyNames(kind: "domain" | "abstraction"): KeyName[] {
  const names = Object.keys(keys) as KeyName[];
  return kind === "domain" ? names : names.filter((name) => keys[name].inAbstraction);
}
