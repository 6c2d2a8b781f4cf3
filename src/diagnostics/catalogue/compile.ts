import type { CatalogueEntry } from "./entry.ts";

/** 30xx: a policy that cannot be made into a plan on this host, or only with losses. */
export const compileEntries = {
  "feature-missing": {
    code: "CFD3003",
    severity: "error",
    title: "host lacks what the domain needs",
    message: "this host lacks `{feature}` ({why}), which the domain needs for {purpose}",
    fix: "{remedy}",
    explanation:
      "A domain whose layers cannot be had is not started. What each feature is needed for, " +
      "and what is done without it, is a table in docs/fallbacks.md.",
    example: "ipc: [shm] (without the privilege to make namespaces)",
  },
  "something-lost": {
    code: "CFD3004",
    severity: "warning",
    title: "done without on this host",
    message: "this host lacks `{feature}` ({why}) for {purpose}",
    fix: "{instead}",
    explanation:
      "Grants that cannot be held are not given. Only a layer that the policy itself names " +
      "under `best-effort` may be missing; the plan lists it.",
    example: "best-effort: [unix] (as an ordinary user, with Yama)",
  },
  "user-needs-root": {
    code: "CFD3005",
    severity: "error",
    title: "another user without privilege",
    message: "only root can start the domain as `{name}`",
    fix: "run cofferdam as root, or take `user` and `group` out",
    explanation: "Changing user and groups needs CAP_SETUID and CAP_SETGID.",
    example: "user: www-data (started by an ordinary user)",
  },
  "set-user-id-needs-root": {
    code: "CFD3006",
    severity: "error",
    title: "set-user-id program without privilege",
    message: "`{path}` can gain privileges only if root starts the domain",
    fix: "run cofferdam as root, or take the `set-user-id` line out",
    explanation:
      "Without root the kernel confines only processes that can never gain privileges " +
      "(no_new_privs).",
    example: "set-user-id: [/usr/bin/sudo] (started by an ordinary user)",
  },
  "no-such-account": {
    code: "CFD3007",
    severity: "error",
    title: "account unknown",
    message: "the {kind} `{name}` is neither in /etc/passwd nor in /etc/group",
    fix: "make it, or write its number; other name services are not asked",
    explanation:
      "A plan must not depend on an answer that can change unseen, so only the two files are read.",
    example: "user: ngnix",
  },
  "user-without-group": {
    code: "CFD3008",
    severity: "error",
    title: "user without a group",
    message: "`{name}` is a number without an account, so its group is not known",
    fix: "add `group:` with a name or a number",
    explanation: "The primary group comes from /etc/passwd.",
    example: "user: 4711",
  },
  "too-many-names": {
    code: "CFD3009",
    severity: "error",
    title: "policy reaches too many names",
    message: "the plan cannot be made: {why}",
    fix:
      "grant whole directories (`DIR/**`) instead of patterns that must be expanded name " +
      "by name",
    explanation:
      "A deny inside a grant, or a pattern that is no whole directory, is expanded into the " +
      "names that exist now. There is a limit to that.",
    example: "files: [r /**, deny r /home/*/.ssh/**]",
  },
  "own-place": {
    code: "CFD3010",
    severity: "error",
    title: "place of Cofferdam that is no name",
    message: "`{path}` is no canonical path, so it cannot be denied to the domain",
    fix: "report it: Cofferdam was started with a wrong place for its own files",
    explanation: "Every domain is denied the places of Cofferdam.",
    example: "(none from a policy)",
  },
  "cgroup-failed": {
    code: "CFD3011",
    severity: "error",
    title: "address programs cannot be had",
    message: "the programs that judge addresses and socket names cannot be put in place: {why}",
    fix: "see `cofferdam doctor`; without them the domain would reach what it must not",
    explanation:
      "As root, addresses and names of unix sockets are held by programs on a cgroup of the " +
      "domain's own.",
    example:
      "network: [connect tcp 10.0.0.0/8:8080] (with a cgroup hierarchy that is mounted read-only)",
  },
} as const satisfies Record<string, CatalogueEntry>;
