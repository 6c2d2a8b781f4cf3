import { wordSections } from "../kinds/model.ts";
import { wordSyntax } from "../kinds/policy.ts";
import { socketProtocols } from "../kinds/sockets/model.ts";
import type { Key } from "./key.ts";
import { keys } from "./language.ts";
import * as limits from "./limits.ts";

/** What a policy can name under `include`. */
export interface ShippedAbstraction {
  readonly name: string;
  readonly summary: string;
}

/**
 * The reference page of the language; `groups` are the names of the groups of system calls,
 * `abstractions` those that come with Cofferdam.
 */
export function languageMarkdown(
  groups: readonly string[],
  abstractions: readonly ShippedAbstraction[],
): string {
  return [
    head,
    keyTable(),
    keyDetails(),
    filesChapter,
    patternChapter,
    networkChapter(),
    wordsChapter(groups),
    variablesChapter,
    abstractionsChapter(abstractions),
    readingChapter(),
  ].join("\n");
}

const head = `# The policy language

<!-- Generated from src/policy/language-markdown.ts and the tables it reads by scripts/generate/language.ts. Do not edit. -->

A policy is a YAML file. It describes one domain, and its file's name is the domain's name: \`nginx.yaml\` is the domain \`nginx\`. What
no rule grants is denied; \`deny\` takes away from what is granted, whatever the order; repeating a rule changes nothing.

    summary: HTTP server and reverse proxy
    enter: [{ exec: /usr/sbin/nginx }, { unit: nginx.service }]
    include: [base, name-service, tls-certificates]
    vars: { webroot: /usr/share/nginx/html }
    files:
      - r /etc/nginx/** \${webroot}/**
      - rwcd /var/lib/nginx/** /run/nginx.pid
      - wc /var/log/nginx/**
      - rx /usr/sbin/nginx
      - deny /etc/nginx/private/**
    network:
      - listen tcp 80 443
      - connect tcp 10.0.0.0/8:8080
      - connect unix /run/php/*.sock
    capabilities: [net_bind_service, setuid, setgid]
    inherit: [stdio]
    syscalls: ["@system-service"]

Every scalar is text: \`80\`, \`yes\` and \`null\` mean nothing else. Text that begins with \`@\`, \`*\`, \`&\`, \`!\` or \`{\`, and text with \`: \` or
\` #\` in it, goes into quotes, and so does a line with \`{\`, \`[\` or \`,\` in it when it stands between brackets. Editors check the file
against [schema/policy.schema.json](../schema/policy.schema.json). What can be wrong with it is in [diagnostics.md](diagnostics.md).

## Keys
`;

function keyTable(): string {
  const rows = Object.entries(keys).map(([name, key]) => {
    return `| \`${name}\` | ${key.inAbstraction ? "yes" : "no"} | ${key.standard} | ${key.summary} |`;
  });
  return [
    "| key | in abstractions | when left out | what it says |",
    "|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

function keyDetails(): string {
  const parts = Object.entries(keys).map(([name, key]: [string, Key]) => {
    const choices =
      key.choices === undefined
        ? ""
        : `\nOne of: ${key.choices.map((choice) => `\`${choice}\``).join(", ")}.\n`;
    const meanings = Object.entries(key.meanings ?? {}).map(
      ([choice, meaning]) => `- \`${choice}\`: ${meaning}.\n`,
    );
    const list = meanings.length === 0 ? "" : `\n${meanings.join("")}`;
    const form = `Form: \`${key.form}\`\n\n    ${key.example}\n`;
    return `### ${name}\n\n${key.summary}\n${choices}${list}\n${form}`;
  });
  return parts.join("\n");
}

const filesChapter = `## Files

A line is permissions, then one or more patterns. \`deny\` before it takes those permissions away; \`deny PATTERN\` takes all of them.

| letter | permission |
|---|---|
| \`r\` | open for reading; list a directory |
| \`w\` | open an existing file for writing, append, truncate |
| \`c\` | make a name: file, directory, fifo, symbolic link, hard link, target of a rename |
| \`d\` | remove a name: unlink, rmdir, source or replaced target of a rename |
| \`x\` | execute; the kernel opens a program for reading too, so write \`rx\`; a script and its interpreter both take it |
| \`m\` | map for execution (mediated by the bpf-lsm engine only) |
| \`a\` | change mode, owner, times, extended attributes |
| \`i\` | ioctl on a device |

Letters come in any order, each once. stat, access, readlink, chdir and flock are not mediated: that a name exists is no secret.
`;

const patternChapter = `## Patterns

| sign | matches |
|---|---|
| \`*\` | any bytes within a component |
| \`**\` | any components; at the end, everything below |
| \`?\` | one byte but \`/\` |
| \`{a,b}\` | either |
| \`[a-z]\`, \`[!a-z]\` | one ASCII byte of these, one byte not of these |
| \`\\*\` | the sign itself; \`\\ \` is a space in a name |
| \`\\x0a\` | the byte of that hexadecimal number, where a policy cannot hold the character |

\`DIR/**\` means everything below DIR, and DIR itself for every permission but create and delete. A path is canonical: from \`/\`, without
\`.\`, \`..\`, \`//\` or a \`/\` at its end. Names of abstract unix sockets begin with \`@\`.
\`/proc/self\` is the folder of the process that asks (in a supervised domain; a sealed one has all of /proc or nothing).
`;

function networkChapter(): string {
  const protocols = Object.entries(socketProtocols).map(
    ([family, table]) => `| \`${family}\` | ${Object.keys(table).join(", ")}, a number, or \`*\` |`,
  );
  return `## Network

\`connect\` covers connecting and addressed sends, \`listen\` covers bind and listen. For tcp and udp follow places:

| place | meaning |
|---|---|
| \`443\`, \`1024-65535\`, \`*\` | these ports at every address |
| \`10.0.0.0/8:8080\`, \`127.0.0.1:*\` | these ports in an IPv4 network |
| \`[2001:db8::/32]:443\` | the same for IPv6 |
| \`loopback:6379\` | 127.0.0.0/8 and ::1 |

Port 0 in a \`listen\` rule is a port of the kernel's choice. An IPv4-mapped IPv6 address is judged as the IPv4 address in it. For
\`unix\` follow patterns of paths, or of abstract names with their \`@\`. Other families are granted as a whole or by protocol; \`ping\`,
\`packet\` and \`vsock\` take no word.

| family | protocols |
|---|---|
${protocols.join("\n")}
`;
}

function wordsChapter(groups: readonly string[]): string {
  const chapters = wordSections.flatMap((section) => wordSyntax[section].chapter ?? []);
  const titles = chapters.map(({ title }) => title).join(", ");
  const heading = `## ${titles.charAt(0).toUpperCase()}${titles.slice(1)}\n`;
  return [heading, ...chapters.map(({ text }) => `${text(groups)}\n`)].join("\n");
}

const variablesChapter = `## Variables, parameters, templates, includes

\`\${NAME}\` in an operand stands for the variable's value; a list multiplies the rule. Values may name other variables. \`--set NAME=VALUE\`
gives another value; such a value is text, never a pattern: a \`*\` in it means that character. \`\\$\` is the dollar sign itself.

A value comes from \`--set\`, else from \`vars\` of the domain, else from \`vars\` of an abstraction. Two abstractions that disagree are an
error until the domain decides.

\`vm@.yaml\` is a template. \`vm@web1\` is an instance of it with \`\${instance}\` = \`web1\`, unless \`vm@web1.yaml\` exists. \`parameters\` are
what an instance must be given with \`--set\`, unless they have a \`default\`. A \`pattern\` is a path pattern that values must match; one that
does not begin with \`/\` stands for one that does, of as many components as it has. Without a pattern a value has no slash.

\`include\` names files in the folders \`abstractions/\` beside the policies. They have ${Object.entries(
  keys,
)
  .filter(([, key]) => key.inAbstraction)
  .map(([name]) => `\`${name}\``)
  .join(", ")}, and may include others. Each is read once.
`;

function abstractionsChapter(abstractions: readonly ShippedAbstraction[]): string {
  const rows = abstractions.map(({ name, summary }) => `| \`${name}\` | ${summary} |`);
  return `## Abstractions

These come with Cofferdam; \`cofferdam check --print\` shows what they grant. Nearly every daemon
needs \`base\`, without which no dynamically linked program starts.

| \`include\` | grants |
|---|---|
${rows.join("\n")}
`;
}

function readingChapter(): string {
  const rows = Object.entries(limits)
    .sort()
    .map(([name, value]) => `| \`${name}\` | ${value.toLocaleString("en")} |`);
  return `## How a file is read

A file is refused, as a whole, if it has an error. It must be UTF-8 without a byte order mark, with lines that end in a newline alone
(a carriage return is refused, not skipped), and without control and bidirectional characters. Anchors, aliases, merge keys, tags,
directives, a second document and keys written twice are refused.

Only root and the caller may have been able to write it: the file and every folder from \`/\` on must belong to one of them and not be
writable by group or others (a folder with the sticky bit may lie on the way). No symbolic link is followed in the last component. All
this is checked on the opened descriptors, from which the file is then read.

| limit | |
|---|---|
${rows.join("\n")}
`;
}
