/** For `util.parseArgs`: ESXi's options, and two of our own for -p. */
export const options = {
  help: { type: "boolean", short: "h" },
  "display-policy": { type: "boolean", short: "d" },
  "lookup-domain": { type: "string", short: "D" },
  "list-labels": { type: "boolean", short: "l" },
  keywords: { type: "boolean", short: "k" },
  "load-policy": { type: "boolean", short: "p" },
  into: { type: "string" },
  replace: { type: "boolean" },
  reset: { type: "boolean", short: "r" },
  "lookup-object": { type: "string", short: "O" },
  "get-label": { type: "string", short: "g" },
  "set-label": { type: "string", short: "s" },
  label: { type: "string", short: "L" },
  "set-tag": { type: "string", short: "T" },
  "new-dom": { type: "string", short: "N" },
  "del-dom": { type: "string", short: "C" },
} as const;

const noLabels = "policies here name paths, and files carry no labels";
const templates =
  "instances of a template are domains of their own: cofferdam run vm@web1 -- COMMAND";

/** Options of ESXi without a meaning here, each with the reason. */
export const without: Readonly<Partial<Record<keyof typeof options, string>>> = {
  reset:
    "a policy in force is never emptied; to let a domain be, use cofferdam domain level NAME " +
    "disabled",
  "lookup-object": noLabels,
  "get-label": noLabels,
  "set-label": noLabels,
  label: noLabels,
  "set-tag": "virtual machine sockets carry no tags on Linux",
  "new-dom": templates,
  "del-dom": templates,
};

export const helpText = `Usage: secpolicytools OPTION
  -p|--load-policy [policy dir]  Translate policies in ESXi's format to policy
                                 files. (default dir /etc/vmware/secpolicy)
     --into <folder>             Where they go (default: the host's policies).
     --replace                   Overwrite policies that are there and differ.
  -d|--display-policy            Every domain with its rules; -p reads it back.
  -D|--lookup-domain <label>     The number of a domain.
  -l|--list-labels               All domains with their numbers.
  -k|--keywords                  All keywords of the rule language.
  -h|--help                      This text.

Without a meaning here, and refused: -r -O -g -s -L -T -N -C.
Levels: esxcli system secpolicy domain. The whole: cofferdam --help.
`;
