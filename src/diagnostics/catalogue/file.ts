import type { CatalogueEntry } from "./entry.ts";

/** 10xx: the policy file as a whole, before it is parsed. */
export const fileEntries = {
  "policy-missing": {
    code: "CFD1001",
    severity: "error",
    title: "no policy of that name",
    message: "there is no policy for the domain `{name}`",
    fix: "write `{file}` in one of: {folders}",
    explanation:
      "A domain is one file, and the file's name is the domain's name. An instance `vm@web1` " +
      "is looked for as `vm@web1.yaml`, then as its template `vm@.yaml`.",
    example: "cofferdam check ngnix",
  },
  "file-unreadable": {
    code: "CFD1002",
    severity: "error",
    title: "file cannot be read",
    message: "`{path}` cannot be read: {reason}",
    fix: "see that the path is right and that the caller may read it",
    explanation:
      "The kernel refused to open the file or a folder on the way to it. A domain whose " +
      "policy cannot be read does not start.",
    example: "cofferdam check /nowhere/nginx.yaml",
  },
  "file-not-regular": {
    code: "CFD1003",
    severity: "error",
    title: "not a regular file",
    message: "`{path}` is a {kind}, not a regular file",
    fix: "put the policy into a regular file",
    explanation:
      "A pipe or device may return different text at each read; a socket or directory returns " +
      "none.",
    example: "cofferdam check /dev/null",
  },
  "file-symlink": {
    code: "CFD1004",
    severity: "error",
    title: "policy is a symbolic link",
    message: "`{path}` is a symbolic link",
    fix: "replace the link with the file itself",
    explanation:
      "A user who may write a folder on the link's way could replace the policy, so Cofferdam " +
      "follows no link to a policy file.",
    example: "ln -s /tmp/mine.yaml /etc/cofferdam/domains/nginx.yaml",
  },
  "file-writable": {
    code: "CFD1005",
    severity: "error",
    title: "file writable by others",
    message: "users other than its owner may write `{path}` (mode {mode})",
    fix: "remove the permission: chmod go-w {path}",
    explanation:
      "A user who may write a policy decides what its daemon may do. Cofferdam checks the " +
      "opened file, so that no user can swap it afterwards.",
    example: "chmod 666 /etc/cofferdam/domains/nginx.yaml",
  },
  "file-owner": {
    code: "CFD1006",
    severity: "error",
    title: "file of a third party",
    message: "`{path}` belongs to user {uid}, who is neither root nor the caller",
    fix: "give it to its proper owner: chown {trusted} {path}",
    explanation: "The owner of a file can change its mode, and then write it.",
    example: "chown nobody /etc/cofferdam/domains/nginx.yaml",
  },
  "folder-writable": {
    code: "CFD1007",
    severity: "error",
    title: "folder writable by others",
    message: "users other than its owner may write the folder `{path}` (mode {mode})",
    fix: "remove the permission: chmod go-w {path}",
    explanation:
      "A user who may write a folder on the way to a policy can put another policy in its " +
      "place. A folder with the sticky bit, such as `/tmp`, is accepted on the way, but not as " +
      "the folder that holds the file.",
    example: "chmod 777 /etc/cofferdam/domains",
  },
  "folder-owner": {
    code: "CFD1008",
    severity: "error",
    title: "folder of a third party",
    message: "the folder `{path}` belongs to user {uid}, who is neither root nor the caller",
    fix: "give it to its proper owner: chown {trusted} {path}",
    explanation: "The owner of a folder can replace every file in it.",
    example: "chown nobody /etc/cofferdam/domains",
  },
  "file-too-large": {
    code: "CFD1009",
    severity: "error",
    title: "file too large",
    message: "the file has {size} bytes; the limit is {limit}",
    fix: "move parts into abstractions and name them under `include`",
    explanation: "A privileged process parses the whole policy, so its size is limited.",
    example: "a policy of a megabyte",
  },
  "not-utf8": {
    code: "CFD1010",
    severity: "error",
    title: "not UTF-8",
    message: "the file is not UTF-8: byte {offset} is wrong",
    fix: "save it as UTF-8; in a pattern, `?` matches a byte of a file name that is not UTF-8",
    explanation:
      "In an unknown encoding, two programs may read the same bytes as two different policies.",
    example: "a Latin-1 é in a comment",
  },
  "byte-order-mark": {
    code: "CFD1011",
    severity: "error",
    title: "byte order mark",
    message: "the file begins with a byte order mark",
    fix: "save it as UTF-8 without one",
    explanation: "UTF-8 has no byte order, and the mark is invisible in an editor.",
    example: "U+FEFF domain: nginx",
  },
  "carriage-return": {
    code: "CFD1012",
    severity: "error",
    title: "carriage return",
    message: "the line contains a carriage return",
    fix: "end lines with a newline only: sed -i 's/\\r//g' FILE",
    explanation:
      "Lines end with a newline. One program would take a carriage return for part of a path, " +
      "another for the end of the line. Only the first one is reported.",
    example: "a file saved with CRLF line ends",
  },
  "control-character": {
    code: "CFD1013",
    severity: "error",
    title: "invisible character",
    message: "the line contains the invisible character U+{code}",
    fix: "remove it",
    explanation:
      "Control characters and the bidirectional controls of Unicode make a rule look like " +
      "another one. Only the first is reported.",
    example: 'summary: "web <U+202E>revres"',
  },
  "bad-file-name": {
    code: "CFD1014",
    severity: "error",
    title: "not a name of a domain",
    message: "`{name}` cannot be the name of a domain",
    fix:
      "name the file NAME.yaml with letters, digits, `_`, `-` and `.`, beginning with a " +
      "letter or digit, 64 at most; `NAME@.yaml` is a template",
    explanation:
      "The name is used in file names, cgroups and log lines. `superDom` stands for everything " +
      "outside all domains.",
    example: "cofferdam check ./my policy.yaml",
  },
  "policy-suffix": {
    code: "CFD1015",
    severity: "error",
    title: "file with another suffix",
    message: "there is no policy for the domain `{name}`, and `{file}` is not read",
    fix: "rename it: mv {file} {wanted}",
    explanation: "Policies end in `.yaml`. A file with any other suffix is left alone.",
    example: "cofferdam check nginx, where /etc/cofferdam/domains/nginx.yml is there",
  },
  "policy-of-root": {
    code: "CFD1016",
    severity: "error",
    title: "domain that belongs to root",
    message: "the domain `{name}` belongs to root: `{file}`",
    fix: "start it as root; a copy in {folder} is a domain of your own",
    explanation:
      "Root's policies apply to what root starts, and an ordinary user's own policies to what " +
      "that user starts. Neither uses the other's.",
    example: "cofferdam run nginx -- nginx, as an ordinary user",
  },
  "exceptions-broken": {
    code: "CFD1017",
    severity: "warning",
    title: "exceptions that cannot be read",
    message: "`{file}` is broken, and what is broken in it grants nothing: {why}",
    fix: "end the exceptions and add them again: cofferdam exception end DOMAIN --all",
    explanation:
      "The agent writes the file with the domain's exceptions. A broken one never makes the " +
      "domain wider, and does not keep its daemon from starting.",
    example: "echo > /var/lib/cofferdam/exceptions/nginx",
  },
} as const satisfies Record<string, CatalogueEntry>;
