import { eachSection, type WordSection, wordKinds } from "../kinds/model.ts";
import { wordSyntax } from "../kinds/policy.ts";
import {
  bestEffortNames,
  controlCommands,
  coreDumps,
  lateNames,
  levels,
  mediations,
} from "../model/policy.ts";
import { bestEfforts } from "./choices.ts";
import type { Key } from "./key.ts";

const wordKeys = eachSection<Record<WordSection, Key & { readonly shape: "rules" }>>((section) => {
  const { words } = wordKinds[section];
  const key = { shape: "rules", inAbstraction: true, ...wordSyntax[section].key } as const;
  return words === null ? key : { ...key, choices: words };
});

/**
 * The parser, the JSON Schema and the reference page are made from this table, so that all know the
 * same keys.
 */
export const keys = {
  domain: {
    shape: "text",
    inAbstraction: false,
    summary:
      "The domain's name, which must equal the file's name. It guards against a file that is " +
      "copied under another name.",
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
      "What happens to an access that no rule grants: `enforcing` denies and logs it, " +
      "`warning` grants and logs it, `disabled` grants it silently.",
    form: "LEVEL",
    example: "level: warning",
    standard: "enforcing",
    choices: levels,
  },
  mediation: {
    shape: "choice",
    inAbstraction: false,
    summary:
      "`sealed`: the kernel decides, for the files that exist when the daemon starts. " +
      "`supervised`: a mediator process decides each call, so that level and policy can change " +
      "while the daemon runs; each call then costs some microseconds (`cofferdam plan` lists " +
      "them). At level `warning` every domain is supervised. `kernel`: the landlock engine does " +
      "not start the domain, only [bpf-lsm](bpf-lsm.md) holds it. This is for daemons that do " +
      "not work where a mediator opens and connects for them, or a launcher starts them.",
    form: "MEDIATION",
    example: "mediation: sealed",
    standard: "sealed",
    choices: mediations,
  },
  enter: {
    shape: "entries",
    inAbstraction: false,
    summary:
      "Programs and systemd units that belong to the domain. Only `cofferdam run`, and units " +
      "after `cofferdam unit enable`, start them in it. `outside` names commands of the unit " +
      "that stay outside the domain: " +
      `${controlCommands.map((name) => `\`${name}\``).join(", ")}.`,
    form: "{ exec: PATH } or { unit: UNIT } or { unit: UNIT, outside: [COMMAND] }",
    example: "enter: [{ exec: /usr/sbin/nginx }, { unit: nginx.service, outside: [ExecReload] }]",
    standard: "empty",
  },
  include: {
    shape: "texts",
    inAbstraction: true,
    summary: "Abstractions: files of grants that are added to the policy.",
    form: "NAME",
    example: "include: [daemon, name-service]",
    standard: "empty",
  },
  vars: {
    shape: "variables",
    inAbstraction: true,
    summary:
      "Variables with their defaults. `--set NAME=VALUE` gives another value. A rule that uses " +
      "a list stands for one rule per value.",
    form: "NAME: VALUE or NAME: [VALUE, ...]",
    example: "vars: { webroot: /usr/share/nginx/html }",
    standard: "empty",
  },
  parameters: {
    shape: "parameters",
    inAbstraction: false,
    summary:
      "Values that an instance of a template needs with `--set`. `pattern` says which values " +
      "fit; without a pattern, any value without a slash fits.",
    form: "NAME: DESCRIPTION or NAME: { description, default, pattern }",
    example: "parameters: { disk: { description: the image, pattern: /srv/vm/*.img } }",
    standard: "empty",
  },
  files: {
    shape: "rules",
    inAbstraction: true,
    summary: "Access to files, by permission letters and patterns of names.",
    form: "LETTERS PATTERN... or deny [LETTERS] PATTERN...",
    example: "files: [r /etc/nginx/**, rwcd /var/lib/nginx/**]",
    standard: "empty",
  },
  network: {
    shape: "rules",
    inAbstraction: true,
    summary:
      "Addresses, ports and unix sockets that the daemon may connect to or listen on, and " +
      "other families of sockets that it may use.",
    form:
      "[deny] connect|listen tcp|udp|unix PLACE... or [deny] netlink|raw PROTOCOL... or [deny] " +
      "ping|packet|vsock",
    example: "network: [listen tcp 80 443, connect unix /run/php/*.sock]",
    standard: "empty",
  },
  ...wordKeys,
  transitions: {
    shape: "rules",
    inAbstraction: false,
    summary:
      "Programs that are to run in another domain. Not implemented yet: they stay in this domain.",
    form: "PATH -> DOMAIN",
    example: "transitions: [/usr/sbin/sendmail -> mail]",
    standard: "empty",
  },
  user: {
    shape: "text",
    inAbstraction: false,
    summary: "The user that the daemon runs as; variables are allowed.",
    form: "NAME",
    example: "user: www-data",
    standard: "the caller's",
  },
  group: {
    shape: "text",
    inAbstraction: false,
    summary: "The group that the daemon runs as; variables are allowed.",
    form: "NAME",
    example: "group: www-data",
    standard: "that of `user`",
  },
  "set-user-id": {
    shape: "texts",
    inAbstraction: false,
    summary:
      "Set-user-id programs that gain privileges when the daemon executes them. With one, the " +
      "domain runs without no_new_privs.",
    form: "PATH",
    example: "set-user-id: [/usr/bin/sudo]",
    standard: "empty",
  },
  "core-dumps": {
    shape: "choice",
    inAbstraction: false,
    summary:
      "`none`: a crash of the daemon leaves no core file and starts no program. `allowed`: the " +
      "kernel does what `kernel.core_pattern` says, and no grant limits it: it may replace a " +
      "file `core` in any folder that the daemon can enter.",
    form: "CHOICE",
    example: "core-dumps: allowed",
    standard: "none",
    choices: coreDumps,
  },
  "late-names": {
    shape: "choice",
    inAbstraction: false,
    summary:
      "What a sealed domain does with granted files and directories that were made or replaced " +
      "after its start. `sealed`: the kernel refuses them until a restart. `brokered`: the " +
      "mediator is notified of every open, and opens these as the policy's text says; `plan` " +
      "names the price. `brokered-blocking`: the same, but opens of files with O_NONBLOCK go to " +
      "the kernel alone, and cost nothing. nginx opens so what it serves, and nothing else. A " +
      "supervised domain goes by the text anyway.",
    form: "CHOICE",
    example: "late-names: brokered",
    standard: "sealed",
    choices: lateNames,
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
