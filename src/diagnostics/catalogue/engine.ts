import type { CatalogueEntry } from "./entry.ts";

/** 2014 and on: domains beside each other, and what the engine makes of a policy. */
export const engineEntries = {
  "wider-transition": {
    code: "CFD2014",
    severity: "error",
    title: "transition into a wider domain",
    message: "the domain `{domain}` has what this one has not: `{rule}`",
    fix: "grant it here too, or take it out there",
    explanation:
      "On the landlock engine a sealed process can only lose rights, so it can enter only a " +
      "domain that lies inside its own.",
    example: "transitions: [/usr/sbin/sendmail -> mail]",
  },
  "unknown-domain": {
    code: "CFD2015",
    severity: "error",
    title: "no such domain",
    message: "there is no domain `{name}`",
    fix: "write its policy, or take the rule out",
    explanation: "A transition or a signal needs the other domain's policy to mean something.",
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
    fix: "take it out; a daemon that needs it cannot be sealed",
    explanation:
      "Mounting, loading code into the kernel, keyrings, io_uring and userfaultfd lead around " +
      "every other rule, and mounts are refused by the kernel below any layer on files.",
    example: "syscalls: [mount]",
  },
  "strong-capability": {
    code: "CFD2018",
    severity: "warning",
    title: "capability that reaches past the domain",
    message: "`{name}` lets the daemon {effect}",
    fix: "take it out unless the daemon fails without it",
    explanation:
      "Some capabilities undo what other rules say. The kernel holds the domain's files even " +
      "so, but not everything else.",
    example: "capabilities: [sys_admin]",
  },
  "map-unmediated": {
    code: "CFD2019",
    severity: "warning",
    title: "mappings are not mediated",
    message: "`m` in `{rule}` means nothing on this engine",
    fix: "leave it out, or keep it for the bpf-lsm engine",
    explanation:
      "The landlock engine does not see a mapping for execution: whatever may be read may be " +
      "mapped.",
    example: "files: [rm /usr/lib/**]",
  },
  "brokered-address": {
    code: "CFD2020",
    severity: "info",
    title: "network rule that costs time",
    message: "`{rule}` is held by the broker, since this caller cannot use cgroup-BPF",
    fix:
      "run as root, or grant the port for every address; each connect then costs about 25 " +
      "us less",
    explanation:
      "Without root the kernel judges TCP ports alone. Addresses, UDP and unix names are then " +
      "decided by a notification of each call, about 20 microseconds.",
    example: "network: [connect tcp 10.0.0.0/8:8080]",
  },
  "brokered-datagrams": {
    code: "CFD2034",
    severity: "info",
    title: "datagrams that cost time",
    message:
      "`{rule}`: the broker is asked about each message, since this caller cannot use cgroup-BPF",
    fix:
      "run as root, send on connected sockets by send() or write(), or write `connect udp *`, few" +
      " TCP ports for every address, and no unix socket",
    explanation:
      "sendmsg and sendmmsg carry the address in memory, where no filter sees it, so that the " +
      "kernel asks about every one of them, and about sendto with an address. A DNS server that " +
      "answers each question by one message keeps a twentieth of its rate; being asked alone, by " +
      "a program that looks at nothing, leaves it a half (docs/benchmarks.md). send() and " +
      "write() carry no address and are not asked about. Nor is anything that is sent where UDP " +
      "is granted everywhere, TCP by port alone (a thousand ports at most), and no unix socket.",
    example: "network: [connect udp 10.0.0.0/8:53]",
  },
  "activation-socket": {
    code: "CFD2033",
    severity: "info",
    title: "sockets from the service manager that cost time",
    message:
      "`listen` may give a run {kinds}: then the broker is asked about each connect and send",
    fix: "leave `listen` out where the daemon makes its own; `cofferdam plan` gives the price",
    explanation:
      "As root, programs of the domain's control group hold addresses where a socket is made. A " +
      "socket that the service manager made lies in another group. systemd makes internet " +
      "sockets in the socket unit's own group, and the programs are attached to that too where " +
      "nothing else is in it; nothing tells where a unix datagram socket was made. With any " +
      "socket that is not held so, the broker is asked about each connect and each send that " +
      "names an address. " +
      "Unix streams are held without that, and in a sealed domain TCP ports for every address.",
    example: "inherit: [listen]; network: [listen udp 53]",
  },
  "unknown-user": {
    code: "CFD2021",
    severity: "error",
    title: "no such user or group",
    message: "the {kind} `{name}` does not exist on this host",
    fix: "make it, or take `{kind}` out",
    explanation: "The domain would not start.",
    example: "user: ngnix",
  },
  "denied-token": {
    code: "CFD2022",
    severity: "warning",
    title: "granted and denied",
    message: "`{token}` under `{section}` is granted here and denied in line {line} of {file}",
    fix: "take one of the two out",
    explanation: "Deny beats allow, whatever the order.",
    example: "capabilities: [chown, deny chown]",
  },
  "writable-socket-path": {
    code: "CFD2023",
    severity: "warning",
    title: "socket name that the daemon can replace",
    message: "the daemon itself decides what `{rule}` leads to, by {cause}",
    fix: "grant sockets in folders that the daemon cannot write",
    explanation:
      "Who can rename a folder or make a symbolic link on the way to a socket can lead the " +
      "granted name to another one. All connections to unix sockets are then judged by the " +
      "broker, which looks the socket up itself: about 20 microseconds each, and the server " +
      "sees the broker's process id.",
    example: "files: [rwcd /run/app/**] with network: [connect unix /run/app/peer.sock]",
  },
  "brokered-socket-pattern": {
    code: "CFD2026",
    severity: "info",
    title: "pattern of socket names that costs time",
    message: "`{rule}` {why}, so the broker is asked about each connect and send",
    fix: "write out the folder, one without links that not everybody may write",
    explanation:
      "The kernel programs compare the name that the daemon passes. A symbolic link that " +
      "matches a pattern would lead the kernel to a socket of another name. So they are " +
      "given patterns only where the choice is left in the last component, in a folder that " +
      "has no links and that not everybody may write; for all else the broker looks the " +
      "socket up itself, and the daemon pays for it with every connect and every sendmsg. " +
      "The server sees the broker's process id.",
    example: "network: [connect unix /run/**]",
  },
  "execute-unreadable": {
    code: "CFD2025",
    severity: "warning",
    title: "program that may not be read",
    message: "`{rule}` starts no program that may not be read as well",
    fix: "write its letters as `{letters}`",
    explanation:
      "The kernel opens a program for reading when it executes it, so `x` is of use only " +
      "together with `r`. A script that is executed by its own name takes `rx` like its " +
      "interpreter; handed to the interpreter as an argument it takes `r`.",
    example: "files: [x /usr/sbin/nginx]",
  },
  "transition-not-made": {
    code: "CFD2027",
    severity: "warning",
    title: "transition that is not made yet",
    message: "`{rule}` is checked and not made: the program stays in `{name}`",
    fix: "grant here what the program needs; nothing narrows it further",
    explanation:
      "The kernel ties a domain to a process for good, and nothing yet enters the other " +
      "domain at an execve. The program runs with all that the domain which starts it has.",
    example: "transitions: [/usr/sbin/sendmail -> mail]",
  },
  "entry-not-made": {
    code: "CFD2038",
    severity: "info",
    title: "program that does not enter by itself",
    message:
      "{paths} under `enter`: started by anything but `cofferdam run {name}` it is in no domain",
    fix: "start it by `cofferdam run {name} -- COMMAND`, in its unit too",
    explanation:
      "`enter` says which programs and units belong to the domain. Nothing yet confines a " +
      "process for having executed such a program: what the domain is not started by stays " +
      "outside.",
    example: "enter: [{ exec: /usr/sbin/nginx }]",
  },
  "never-syscall": {
    code: "CFD2028",
    severity: "error",
    title: "system call that no domain is given",
    message: "`{name}` is granted to no domain of this engine",
    fix: "take it out",
    explanation:
      "Loading code into the kernel, keyrings, io_uring, userfaultfd and the like lead around " +
      "every other rule, whoever judges the calls.",
    example: "mediation: supervised\nsyscalls: [io_uring_setup]",
  },
  "refused-mount": {
    code: "CFD2029",
    severity: "warning",
    title: "mounts are refused",
    message: "`{name}` is refused to this domain at level enforcing, although it is named",
    fix: "take it out, and mount before the daemon starts",
    explanation:
      "A changed mount tree gives every name another meaning. At level warning a mount goes " +
      "on and is an event; at level enforcing no domain may mount, whatever its policy names.",
    example: "mediation: supervised\nsyscalls: [mount]",
  },
  "refused-when-sealed": {
    code: "CFD2030",
    severity: "warning",
    title: "ends with level warning",
    message: "at level enforcing this domain would be sealed, and cannot have {what}",
    fix: "take it out, or write `mediation: supervised`",
    explanation:
      "At level warning a mediator judges each call. At enforcing a domain is sealed unless " +
      "it says `mediation: supervised`, and what the kernel's own layers cannot express is " +
      "refused there.",
    example: "level: warning\nsignals: [php-fpm]",
  },
} as const satisfies Record<string, CatalogueEntry>;
