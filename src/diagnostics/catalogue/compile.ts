import type { CatalogueEntry } from "./entry.ts";

/** 30xx: a policy of which this host can make no plan, or only one with losses. */
export const compileEntries = {
  "feature-missing": {
    code: "CFD3003",
    severity: "error",
    title: "host lacks what the domain needs",
    message: "this host lacks `{feature}` ({why}), which the domain needs for {purpose}",
    fix: "{remedy}",
    explanation:
      "A domain starts only if the host can enforce it. The table in docs/fallbacks.md says " +
      "what needs each feature, and what happens without it.",
    example: "ipc: [shm] (without the privilege to make namespaces)",
  },
  "something-lost": {
    code: "CFD3004",
    severity: "warning",
    title: "not enforced on this host",
    message: "this host lacks `{feature}` ({why}) for {purpose}",
    fix: "{instead}",
    explanation:
      "The domain does not get a grant that this host cannot limit. Only a layer that the " +
      "policy names under `best-effort` may be missing; `plan` lists it.",
    example: "best-effort: [unix] (as an ordinary user, with Yama)",
  },
  "user-needs-root": {
    code: "CFD3005",
    severity: "error",
    title: "another user without privilege",
    message: "only root can start the domain as `{name}`",
    fix: "run cofferdam as root, or remove `user` and `group`",
    explanation: "Changing user and groups needs CAP_SETUID and CAP_SETGID.",
    example: "user: www-data (started by an ordinary user)",
  },
  "set-user-id-needs-root": {
    code: "CFD3006",
    severity: "error",
    title: "set-user-id program without privilege",
    message: "`{path}` can gain privileges only if root starts the domain",
    fix: "run cofferdam as root, or remove the `set-user-id` line",
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
    fix: "make it, or write its number; Cofferdam reads no other name service",
    explanation:
      "Cofferdam reads only these two files, because it could not notice a change elsewhere.",
    example: "user: ngnix",
  },
  "no-such-unit-group": {
    code: "CFD3012",
    severity: "error",
    title: "group of a unit unknown",
    message: "the unit has the supplementary group `{name}`, which is not in /etc/group",
    fix: "make the group, or change SupplementaryGroups= and enable the unit again",
    explanation:
      "A unit's processes get the groups that SupplementaryGroups= names. If one of them was " +
      "renamed or removed, systemd starts the unit neither in a domain nor outside. A number " +
      "needs no group of that name; Cofferdam reads no other name service than /etc/group.",
    example: "SupplementaryGroups=tls-keys (in the unit)",
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
      "The compiler expands a deny inside a grant, and a pattern that is not a whole directory, " +
      "into the names that exist now. Their number is limited.",
    example: "files: [r /**, deny r /home/*/.ssh/**]",
  },
  "own-place": {
    code: "CFD3010",
    severity: "error",
    title: "one of Cofferdam's own paths is wrong",
    message: "`{path}` is not a canonical path, so it cannot be denied to the domain",
    fix: "report it: Cofferdam was started with a wrong place for its own files",
    explanation: "Every domain is denied Cofferdam's own files.",
    example: "(none from a policy)",
  },
  "cgroup-failed": {
    code: "CFD3011",
    severity: "error",
    title: "address programs cannot be attached",
    message: "the programs that judge addresses and socket names cannot be attached: {why}",
    fix: "see `cofferdam doctor`; the domain does not start without them",
    explanation:
      "As root, programs on the domain's own cgroup judge addresses and names of unix sockets.",
    example:
      "network: [connect tcp 10.0.0.0/8:8080] (with a cgroup hierarchy that is mounted read-only)",
  },
  "cgroup-unused": {
    code: "CFD3013",
    severity: "warning",
    title: "the mediator judges addresses, too",
    message: "the programs that judge addresses and socket names cannot be attached: {why}",
    fix: "see `cofferdam doctor`; until then the mediator is asked, and each of these calls waits",
    explanation:
      "In a supervised domain of root, programs on the domain's own cgroup judge where its " +
      "sockets connect and send. Without them the mediator decides the same, but slower.",
    example: "network: [connect tcp *:443] (on a kernel whose verifier refuses a program)",
  },
  "not-by-landlock": {
    code: "CFD3014",
    severity: "error",
    title: "start that the landlock engine does not make",
    message: "only the bpf-lsm engine holds the domain `{name}`, and landlock would start this",
    fix:
      "have the kernel hold it, where `cofferdam doctor` says that it can: " +
      "cofferdam settings set /UserVars/Engine bpf-lsm",
    explanation:
      "The policy says `mediation: kernel`, because its daemon does not work where a mediator " +
      "makes its calls, or where Cofferdam's launcher starts it. On every host the landlock " +
      "engine holds runs with `--level`, `--set` or `--policy`, and those of ordinary users.",
    example: "mediation: kernel (on a host whose engine is landlock)",
  },
} as const satisfies Record<string, CatalogueEntry>;
