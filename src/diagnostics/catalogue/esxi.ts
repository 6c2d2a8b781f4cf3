import type { CatalogueEntry } from "./entry.ts";

/** 40xx: policies in the rule language of ESXi, as `secpolicytools -p` reads them. */
export const esxiEntries = {
  "esxi-rule": {
    code: "CFD4001",
    severity: "error",
    title: "no rule of ESXi's language",
    message: "`{text}` is not a rule: {why}",
    fix: "a rule has the form {form}",
    explanation: "Each line has one rule; `#` begins a comment.",
    example: "-s genericSys",
  },
  "esxi-keyword": {
    code: "CFD4002",
    severity: "error",
    title: "unknown keyword",
    message: "`{word}` is not a {what}",
    fix: "secpolicytools -k lists all keywords",
    explanation: "A misspelt keyword would grant nothing, silently.",
    example: "-s genericsys grant",
  },
  "esxi-no-meaning": {
    code: "CFD4003",
    severity: "warning",
    title: "a rule without a meaning on Linux",
    message: "`{rule}` is left out: {why}",
    fix: "{instead}",
    explanation:
      "The rule names something that only ESXi's kernel has, or that Cofferdam grants to no " +
      "domain.",
    example: "-s moduleSys grant",
  },
  "esxi-nothing": {
    code: "CFD4004",
    severity: "warning",
    title: "a rule that needs another",
    message: "`{rule}` grants nothing alone",
    fix: "{instead}",
    explanation: "The rule has an effect only together with another rule, which this domain lacks.",
    example: "-p inet_socket_bind all grant",
  },
  "esxi-whole": {
    code: "CFD4005",
    severity: "warning",
    title: "a rule that grants more here",
    message: "`{rule}` becomes `{ours}`, which grants more",
    fix: "{instead}",
    explanation: "ESXi's language has several rules for what Cofferdam can only grant as a whole.",
    example: "-c stream_vsocket_connect grant",
  },
  "esxi-twice": {
    code: "CFD4006",
    severity: "error",
    title: "two rules for one path",
    message: "`{path}` has the letters `{letters}` here and `{before}` in line {line}",
    fix: "keep one of them",
    explanation:
      "The rule for the most specific path counts. Of two rules for the same path neither is " +
      "more specific.",
    example: "-r /var/run rw\n-r /var/run",
  },
  "esxi-label": {
    code: "CFD4007",
    severity: "warning",
    title: "a label that no file has",
    message: "`{rule}` grants nothing: no file has the label `{label}`",
    fix: "give a path the label in fileLabels/, or name the path with -r",
    explanation: "Labels of objects stand for the paths that fileLabels/ lists for them.",
    example: "-a appObj file_exec grant",
  },
  "esxi-file": {
    code: "CFD4008",
    severity: "error",
    title: "a file that is not a policy",
    message: "`{name}` cannot be used: {why}",
    fix: "{instead}",
    explanation: "Files below domains/ are named after their domains and hold text.",
    example: "domains/my domain",
  },
} as const satisfies Record<string, CatalogueEntry>;
