import type { CatalogueEntry } from "./entry.ts";

/** From 2014 on: domains compared with each other, and what the engine makes of a policy. */
export const engineEntries = {
  "wider-transition": {
    code: "CFD2014",
    severity: "error",
    title: "transition into a wider domain",
    message: "the domain `{domain}` grants more than this one: `{rule}`",
    fix: "grant it here too, or remove it there",
    explanation:
      "A sealed process can only lose rights, so it can enter only a domain that grants no " +
      "more than its own.",
    example: "transitions: [/usr/sbin/sendmail -> mail]",
  },
  "unknown-domain": {
    code: "CFD2015",
    severity: "error",
    title: "no such domain",
    message: "there is no domain `{name}`",
    fix: "write its policy, or remove the rule",
    explanation:
      "A transition or a signal to a domain has no meaning without that domain's policy.",
    example: "transitions: [/usr/sbin/sendmail -> mial]",
  },
  "sealed-signal": {
    code: "CFD2016",
    severity: "error",
    title: "signals to one domain in a sealed domain",
    message: "a sealed domain cannot signal just the domain `{name}`",
    fix: "write `self` or `any`, or `mediation: supervised`",
    explanation: "The kernel either keeps signals inside the domain or lets all of them out.",
    example: "signals: [php-fpm]",
  },
  "sealed-syscall": {
    code: "CFD2017",
    severity: "error",
    title: "system call that is never granted",
    message: "`{name}` cannot be granted to a sealed domain",
    fix: "remove it; a daemon that needs it cannot be sealed",
    explanation:
      "With mounts, kernel modules, keyrings, io_uring or userfaultfd a process could bypass " +
      "every other rule. Landlock also makes the kernel refuse mounts.",
    example: "syscalls: [mount]",
  },
  "strong-capability": {
    code: "CFD2018",
    severity: "warning",
    title: "capability that reaches past the domain",
    message: "`{name}` lets the daemon {effect}",
    fix: "remove it unless the daemon fails without it",
    explanation:
      "With some capabilities a process can bypass rules. The kernel still enforces the rules " +
      "on files, but not all others.",
    example: "capabilities: [sys_admin]",
  },
  "brokered-address": {
    code: "CFD2020",
    severity: "info",
    title: "network rule that costs time",
    message: "the mediator decides `{rule}`, because this caller cannot use cgroup-BPF",
    fix:
      "run as root, or grant the port for every address; each connect then costs about 25 " +
      "us less",
    explanation:
      "Without root the kernel judges TCP ports alone. The mediator decides about addresses, " +
      "UDP and unix names, which slows each call down; `plan` says by how much.",
    example: "network: [connect tcp 10.0.0.0/8:8080]",
  },
  "brokered-datagrams": {
    code: "CFD2034",
    severity: "info",
    title: "datagrams that cost time",
    message:
      "`{rule}`: the mediator decides each message, because this caller cannot use cgroup-BPF",
    fix:
      "run as root, or use send() or write() on connected sockets; or grant `connect udp *`, " +
      "TCP by port alone, and no unix socket",
    explanation:
      "sendmsg and sendmmsg have the address in memory, where no filter sees it, so the kernel " +
      "notifies the mediator of each such call, and of each sendto with an address. A DNS " +
      "server that sends each answer by one call keeps a twentieth of its rate " +
      "(docs/benchmarks.md). send() and write() have no address and are not notified. Nor is " +
      "any send of a domain that grants UDP everywhere, TCP by port alone (at most a thousand " +
      "ports), and no unix socket.",
    example: "network: [connect udp 10.0.0.0/8:53]",
  },
  "unheld-answers": {
    code: "CFD2042",
    severity: "info",
    title: "answers that take another grant",
    message:
      "`{rule}`: answers to its datagrams take `connect udp`, too, because this caller cannot " +
      "use cgroup-BPF",
    fix: "run as root, or grant `connect udp` to the clients",
    explanation:
      "As root, programs on a control group know from which addresses and ports a socket has " +
      "received datagrams, and let a socket on a port of a `listen udp` rule send there. The " +
      "mediator does not know it.",
    example: "network: [listen udp 53]",
  },
  "activation-socket": {
    code: "CFD2033",
    severity: "info",
    title: "sockets from the service manager that cost time",
    message:
      "with `listen` a run may inherit {kinds}; the mediator then decides each connect and send",
    fix: "leave `listen` out if the daemon makes its own sockets; `cofferdam plan` shows the cost",
    explanation:
      "As root, programs on a control group judge the sockets that are made in it, and the " +
      "service manager makes sockets in another group. The programs are also attached to the " +
      "group of a socket unit, if nothing else is in it. The group of a unix datagram socket " +
      "is unknown. If a run inherits a socket that no program judges, the mediator decides " +
      "each connect and each send with an address. The mediator decides nothing on unix streams, " +
      "nor, in a sealed domain, on TCP if the policy grants its ports for every address.",
    example: "inherit: [listen]; network: [listen udp 53]",
  },
  "unknown-user": {
    code: "CFD2021",
    severity: "error",
    title: "no such user or group",
    message: "the {kind} `{name}` does not exist on this host",
    fix: "make it, or remove `{kind}`",
    explanation: "The domain would not start.",
    example: "user: ngnix",
  },
  "denied-token": {
    code: "CFD2022",
    severity: "warning",
    title: "granted and denied",
    message: "`{token}` under `{section}` is granted here and denied in line {line} of {file}",
    fix: "remove one of the two",
    explanation: "Deny beats allow, whatever the order.",
    example: "capabilities: [chown, deny chown]",
  },
  "writable-socket-path": {
    code: "CFD2023",
    severity: "warning",
    title: "socket name that the daemon can replace",
    message: "the daemon can redirect the socket name of `{rule}`, by {cause}",
    fix: "grant sockets in folders that the daemon cannot write",
    explanation:
      "A process that can rename a folder or make a symbolic link on the way to a socket can " +
      "make the granted name lead to another socket. The mediator then looks up each socket " +
      "itself and connects to it: about 20 microseconds each, and the server sees the " +
      "mediator's process id.",
    example: "files: [rwcd /run/app/**] with network: [connect unix /run/app/peer.sock]",
  },
  "brokered-socket-pattern": {
    code: "CFD2026",
    severity: "info",
    title: "pattern of socket names that costs time",
    message: "`{rule}` {why}, so the mediator decides each connect and send",
    fix:
      "write the folder without wildcards; it must have no links and not be writable by all " +
      "users",
    explanation:
      "The kernel's programs compare the name that the daemon passes. A symbolic link that " +
      "matches a pattern could lead to a socket of another name. So the programs get only " +
      "patterns with wildcards in the last component alone, in a folder that has no links and " +
      "that not all users may write. For all others the mediator looks up the socket at each " +
      "connect and sendmsg, and the server sees the mediator's process id.",
    example: "network: [connect unix /run/**]",
  },
  "execute-unreadable": {
    code: "CFD2025",
    severity: "warning",
    title: "program that may not be read",
    message: "`{rule}` has no effect: the kernel must also read a program to execute it",
    fix: "write its letters as `{letters}`",
    explanation:
      "The kernel opens a program for reading when it executes it, so `x` is of use only " +
      "together with `r`. A script that is executed by its own name needs `rx`, like its " +
      "interpreter. A script that the interpreter gets as an argument needs only `r`.",
    example: "files: [x /usr/sbin/nginx]",
  },
  "transition-not-made": {
    code: "CFD2027",
    severity: "warning",
    title: "transition that is not made yet",
    message: "`{rule}` has no effect yet: the program stays in `{name}`",
    fix: "grant here what the program needs",
    explanation:
      "This version does not change the domain at an execve. The program keeps all rights of " +
      "the domain that starts it.",
    example: "transitions: [/usr/sbin/sendmail -> mail]",
  },
  "entry-not-made": {
    code: "CFD2038",
    severity: "info",
    title: "program that does not enter by itself",
    message: "executing {paths} directly does not enter the domain, although `enter` names it",
    fix: "use `cofferdam run {name} -- COMMAND`, or `cofferdam unit enable` for its unit",
    explanation:
      "`enter` says which programs and units belong to the domain. Only `cofferdam run` and " +
      "enabled units start them in it; `cofferdam ps` names those that run outside.",
    example: "enter: [{ exec: /usr/sbin/nginx }]",
  },
  "never-syscall": {
    code: "CFD2028",
    severity: "error",
    title: "system call that no domain is given",
    message: "this engine grants `{name}` to no domain",
    fix: "remove it",
    explanation:
      "With kernel modules, keyrings, io_uring or userfaultfd a process could bypass every " +
      "other rule, in sealed and in supervised domains.",
    example: "mediation: supervised\nsyscalls: [io_uring_setup]",
  },
  "refused-mount": {
    code: "CFD2029",
    severity: "warning",
    title: "mounts are refused",
    message: "at level enforcing `{name}` is refused although the policy grants it",
    fix: "remove it, and mount before the daemon starts",
    explanation:
      "A mount gives names another meaning. At level warning a mount continues and is logged; " +
      "at level enforcing no domain may mount.",
    example: "mediation: supervised\nsyscalls: [mount]",
  },
  "refused-when-sealed": {
    code: "CFD2030",
    severity: "warning",
    title: "works only at level warning",
    message: "at level enforcing this domain would be sealed, and cannot have {what}",
    fix: "remove it, or write `mediation: supervised`",
    explanation:
      "At level warning the mediator judges each call. At enforcing a domain is sealed unless " +
      "its policy says `mediation: supervised`, and a sealed domain cannot have this grant.",
    example: "level: warning\nsignals: [php-fpm]",
  },
  "held-otherwise": {
    code: "CFD2044",
    severity: "info",
    title: "held in another way by the bpf-lsm engine",
    message: "`{rule}` with the bpf-lsm engine: {how}",
    fix: "{help}",
    explanation:
      "This host's engine is bpf-lsm (`cofferdam doctor`). docs/engine-differences.md has all " +
      "differences between the engines, and `cofferdam plan` those of one domain.",
    example: "inherit: [stdio]",
  },
  "needs-more": {
    code: "CFD2045",
    severity: "warning",
    title: "grant that the bpf-lsm engine does not complete",
    message: "`{rule}` with the bpf-lsm engine: {how}",
    fix: "{help}",
    explanation:
      "This host's engine is bpf-lsm (`cofferdam doctor`). It refuses something that the " +
      "landlock engine grants by this rule; docs/engine-differences.md lists all of it.",
    example: "network: [listen udp 53]",
  },
  "entry-kept-outside": {
    code: "CFD2046",
    severity: "warning",
    title: "entry that the bpf-lsm engine does not make",
    message: "nothing enters `{name}` by `{rule}` in the kernel: {why}",
    fix: "name the daemon's own program, or its unit",
    explanation:
      "This host's engine is bpf-lsm (`cofferdam doctor`). Cofferdam's agent and commands, and " +
      "the host's first process, are in no domain: there they would be refused what they do for " +
      "all others. So the agent leaves out entries by a program that they execute, and by a " +
      "unit or a slice that they are in, and says so in its journal. A daemon whose program is " +
      "Node's enters by its unit.",
    example: "enter: [{ exec: /usr/bin/node }]",
  },
  "kernel-alone": {
    code: "CFD2047",
    severity: "warning",
    title: "domain of the kernel's engine alone",
    message: "this host's engine, landlock, does not start `{name}`: only bpf-lsm holds it",
    fix:
      "if `cofferdam doctor` says that this kernel takes it: cofferdam settings set " +
      "/UserVars/Engine bpf-lsm; until then the daemon runs outside",
    explanation:
      "The policy says `mediation: kernel`: its daemon does not work where a mediator makes its " +
      "calls, or where Cofferdam's launcher starts it. On a host whose engine is landlock " +
      "nothing starts in the domain, at any level, and its units stay outside.",
    example: "mediation: kernel",
  },
} as const satisfies Record<string, CatalogueEntry>;
