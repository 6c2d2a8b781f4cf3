/**
 * What an attack comes to in a supervised domain, where that is not: refused with a `denied` event
 * at enforcing, as unconfined with a `warning` event at warning.
 */
export interface Difference {
  /** Logged as another `CLASS/OPERATION` than in a sealed domain; null if nothing is logged. */
  readonly event?: string | null;
  readonly enforcing?: {
    /** 0 where it works, 2 where it does not even get so far, 127 where the loader gives up. */
    readonly status?: 0 | 2 | 127;
    /** No event. */
    readonly silent?: true;
  };
  readonly warning?: {
    /** `either`: a race, which the mediator's own turns may lose for the attacker. */
    readonly status?: 1 | "either";
    /** Refused at every level, and logged as refused. */
    readonly verdict?: "denied";
  };
  readonly why: string;
}

const own: Difference = {
  warning: { status: 1, verdict: "denied" },
  why: "Cofferdam's own objects are refused at every level",
};

const byKind = (event: string): Difference => ({
  event,
  why: "supervised judges IPC by kind, where sealed does not list the calls",
});

const pinned = (why: string): Difference => ({ enforcing: { status: 0 }, event: null, why });

const kernelRefuses: Difference = {
  enforcing: { silent: true },
  why:
    "the kernel itself refuses at enforcing: CAP_SYS_PTRACE was taken at the start; at " +
    "warning it is there, and the call is told of",
};

const bySocketPrograms: Difference = {
  event: "address/connect",
  why: "the programs of the control group judge it as the connection that it makes",
};

/** By program; `NAME as root` and `NAME as user` if it depends on the attacker's user. */
export const differences: Readonly<Record<string, Difference>> = {
  "tcp-connect as root": bySocketPrograms,
  "tcp-fastopen-connect as root": bySocketPrograms,
  "tcp-fastopen-sendto as root": bySocketPrograms,
  "tcp-fastopen-sendmsg as root": bySocketPrograms,
  "tcp-fastopen-sendmmsg as root": bySocketPrograms,
  "udp-routed": {
    enforcing: { silent: true },
    event: "address/connect",
    why: "without CAP_NET_RAW, which enforcing takes, the kernel itself refuses an IPv4 route",
  },
  "udp6-routed as root": bySocketPrograms,
  "own-policy": own,
  "own-plan": own,
  "own-log": own,
  "cgroup-escape": own,
  "mqueue-outside": byKind("ipc/mq_open"),
  "msg-outside": byKind("ipc/msgsnd"),
  "sem-outside": byKind("ipc/semtimedop"),
  "shm-outside": byKind("ipc/shmat"),
  "signal-outside": {
    event: "signal/kill",
    why: "told by the call's name, not by the kernel's record",
  },
  "signal-pidfd": {
    event: "signal/pidfd_send_signal",
    why: "told by the call's name, not by the kernel's record",
  },
  "memfd-exec": {
    event: "syscall/execveat",
    why: "an execve is judged by what it would execute: a file without a name",
  },
  "link-fd-gain": {
    event: "two-names/link",
    why:
      "a descriptor may be given a name where nothing is gained by it, which sealed never " +
      "allows",
  },
  "pinned-getxattr": pinned("extended attributes that are only read are mediated on no engine"),
  "pinned-inotify": pinned("watches for names are mediated on no engine"),
  "pinned-ld-so": {
    enforcing: { status: 127 },
    event: null,
    why: "the mediator judges which files are mapped as code; its events name the loader",
  },
  "pinned-lease": pinned("leases of readable files are mediated on no engine"),
  "pinned-mmap-exec": {
    event: "name/map",
    why: "the mediator judges which files are mapped as code",
  },
  "pinned-stat": pinned("existence and metadata of names are mediated on no engine"),
  "inherited-descriptor": {
    event: null,
    why:
      "a matter of the start: at enforcing the descriptor is closed before the program " +
      "begins, at warning it stays, and reading it is not mediated",
  },
  "capability-regain": {
    event: null,
    why:
      "a matter of the start: at enforcing the kernel has taken the capability, at warning " +
      "it is there, and setsockopt names nothing that a policy knows",
  },
  "setuid-exec as user": {
    event: null,
    warning: { status: 1 },
    why:
      "without root no_new_privs is set at the start, at level warning too: it is on the " +
      "closed list",
  },
  "landlock-log-off": {
    enforcing: { status: 0 },
    event: null,
    why: "the mediator itself tells of what a supervised domain is denied, no record does",
  },
  "seccomp-listener": {
    warning: { status: 1 },
    why:
      "a process has one listener at most (EBUSY): it is on the closed list; told of, " +
      "since enforcing would refuse it as well",
  },
  "proc-fd as root": kernelRefuses,
  "proc-root-other as root": kernelRefuses,
  "setns as root": kernelRefuses,
  "attributes-long-name": {
    enforcing: { status: 2, silent: true },
    why:
      "a directory whose name is longer than PATH_MAX cannot even be opened at enforcing, " +
      "which sealed leaves to Landlock",
  },
  "bind-chroot": {
    event: null,
    why:
      "bound within the judged directory at enforcing: the attack's socket is not where it " +
      "should be, and the call is granted",
  },
  "send-credentials": {
    event: null,
    why: "sent, but with the sender's own ids: nothing is refused",
  },
  "dual-stack-race": {
    warning: { status: "either" },
    event: null,
    why: "the mediator sets the option itself: nothing is refused but what the race loses",
  },
};
