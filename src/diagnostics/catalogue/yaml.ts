import type { CatalogueEntry } from "./entry.ts";

/** 11xx: the YAML and which keys it has. */
export const yamlEntries = {
  "yaml-syntax": {
    code: "CFD1101",
    severity: "error",
    title: "not YAML",
    message: "this is not valid YAML: {reason}",
    fix: "{cure}",
    explanation:
      "The text follows YAML 1.2. Text with `: `, ` #`, `*`, `&`, `{`, `[` or `@` at its " +
      "beginning takes quotes, around the whole of it; indentation takes spaces. All scalars " +
      "are text: `yes`, `80` and `null` mean nothing else.",
    example: "files: [r /etc",
  },
  "too-deep": {
    code: "CFD1102",
    severity: "error",
    title: "nested too deep",
    message: "the file is nested more than {limit} levels deep",
    fix: "no key of a policy needs more than three levels",
    explanation: "The limit keeps a hostile file from exhausting the reader.",
    example: "files: [[[[[[[[[[r /etc]]]]]]]]]]",
  },
  anchor: {
    code: "CFD1103",
    severity: "error",
    title: "anchor",
    message: "the anchor `&{name}` is not allowed in a policy",
    fix: "write the text out, or make it a variable under `vars`",
    explanation:
      "Anchors and aliases let ten lines stand for a billion, and let a reader overlook what " +
      "a rule says.",
    example: "files: &mine [r /etc/hosts]",
  },
  alias: {
    code: "CFD1104",
    severity: "error",
    title: "alias",
    message: "the alias `*{name}` is not allowed in a policy",
    fix: "write the text out; put a pattern that begins with `*` into quotes",
    explanation: "See CFD1103.",
    example: "files: *mine",
  },
  tag: {
    code: "CFD1105",
    severity: "error",
    title: "tag",
    message: "the tag `{name}` is not allowed in a policy",
    fix: "remove it; put text that begins with `!` into quotes",
    explanation: "Every scalar is text, so that there is nothing a tag could say.",
    example: "level: !!str enforcing",
  },
  "merge-key": {
    code: "CFD1106",
    severity: "error",
    title: "merge key",
    message: "the merge key `<<` is not allowed in a policy",
    fix: "name an abstraction under `include`",
    explanation: "What a policy takes from elsewhere is said by `include` alone.",
    example: "<<: { level: warning }",
  },
  "duplicate-key": {
    code: "CFD1107",
    severity: "error",
    title: "key written twice",
    message: "the key `{key}` was already written in line {line}",
    fix: "put both lists together",
    explanation: "Of two equal keys one would be lost, and it is not said which.",
    example: "files: [r /etc/hosts]\nfiles: [r /etc/passwd]",
  },
  "several-documents": {
    code: "CFD1108",
    severity: "error",
    title: "more than one document",
    message: "a policy file holds one document, and a second one begins here",
    fix: "write one file for each domain",
    explanation: "The file's name is the domain's name.",
    example: "level: warning\n---\nlevel: disabled",
  },
  directive: {
    code: "CFD1109",
    severity: "error",
    title: "YAML directive",
    message: "the directive `{name}` is not allowed in a policy",
    fix: "remove the line",
    explanation: "A directive can change what the rest of the file means.",
    example: "%YAML 1.1",
  },
  "not-a-mapping": {
    code: "CFD1110",
    severity: "error",
    title: "no keys",
    message: "a policy is a list of keys, and there is none here",
    fix: "begin with `summary: WHAT THE DAEMON DOES`",
    explanation:
      "An empty file would be a domain that grants nothing; it is more likely one that was " +
      "cut off.",
    example: "- r /etc/hosts",
  },
  "unknown-key": {
    code: "CFD1111",
    severity: "error",
    title: "unknown key",
    message: "`{key}` is no key of {where}",
    fix: "the keys are: {known}",
    explanation: "An unknown key is never skipped: it may have been meant as a denial.",
    example: "capabilites: [chown]",
  },
  "wrong-shape": {
    code: "CFD1112",
    severity: "error",
    title: "wrong kind of value",
    message: "`{key}` must be {expected}, and this is {found}",
    fix: "for example {example}",
    explanation: "Each key has one shape; see the reference of the language.",
    example: "files: r /etc/hosts",
  },
  "empty-text": {
    code: "CFD1113",
    severity: "error",
    title: "empty text",
    message: "`{key}` has an empty value",
    fix: "write a value, or leave it out",
    explanation: "An empty value is more likely one that got lost.",
    example: 'files: [""]',
  },
  "not-in-abstraction": {
    code: "CFD1114",
    severity: "error",
    title: "key of a domain in an abstraction",
    message: "`{key}` belongs into a domain, not into an abstraction",
    fix: "an abstraction has only: {known}",
    explanation:
      "An abstraction is a set of grants. What decides over the domain as a whole is written " +
      "in the domain's own file, where one sees it.",
    example: "level: warning (in abstractions/base.yaml)",
  },
  "name-differs": {
    code: "CFD1115",
    severity: "error",
    title: "domain is not named like its file",
    message: "`domain` says `{written}`, and the file's name says `{file}`",
    fix: "rename the file, or leave `domain` out",
    explanation: "A domain is found by its file's name.",
    example: "domain: apache (in nginx.yaml)",
  },
  "bad-choice": {
    code: "CFD1116",
    severity: "error",
    title: "no such choice",
    message: "`{value}` is no {what}",
    fix: "write one of: {known}",
    explanation: "The value comes from a closed list.",
    example: "level: enforced",
  },
  "needless-choice": {
    code: "CFD1119",
    severity: "error",
    title: "choice that would change nothing",
    message: "`{value}` is no layer that a domain is stopped for want of",
    fix: "take it out: {why}",
    explanation:
      "Administrators rely on what a policy says, so a choice without effect is refused.",
    example: "best-effort: [events]",
  },
  "bad-name": {
    code: "CFD1117",
    severity: "error",
    title: "not a name",
    message: "`{value}` cannot be the name of {what}",
    fix: "names have letters, digits, `_`, `-` and `.`, and begin with a letter or digit",
    explanation:
      "Names of domains, abstractions, users, groups, variables and parameters have a plain " +
      "form, so that none can be taken for a path or an option.",
    example: "include: [../secret]",
  },
  "diagnostics-cut": {
    code: "CFD1118",
    severity: "info",
    title: "more was found",
    message: "{count} more diagnostics are not shown",
    fix: "mend these first",
    explanation:
      "At most a fixed number is kept for one policy. An error that is not shown still counts.",
    example: "a file of random bytes",
  },
} as const satisfies Record<string, CatalogueEntry>;
