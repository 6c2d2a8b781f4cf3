import type { Policy } from "../policy.ts";
import type { TokenRule } from "../rule.ts";
import { type About, aboutWords, type Ruled } from "./ruled.ts";

/**
 * Where the engines differ: what a policy says counts for both, and `decide()` says what it means.
 * From these rows come docs/engine-differences.md, what `check` warns of on a host whose engine is
 * bpf-lsm, and what `plan` tells there. The attacks that a row explains are the only ones that the
 * tests excuse.
 */
export interface EngineDifference {
  readonly what: string;
  readonly landlock: string;
  /** As a sentence's rest: it follows the rule that it is about. */
  readonly lsm: string;
  /**
   * Of bpf-lsm. `open`: it does not hold this, or not wholly. `stricter`: it needs a grant more.
   * `otherwise`: it holds this in another way. `better`: it holds what landlock cannot.
   */
  readonly way: "open" | "stricter" | "otherwise" | "better";
  /** What an administrator can do about it; empty if nothing is to be done. */
  readonly help: string;
  /** The lines of a policy that mean something else by it. */
  readonly about: About;
  /** Programs of test/attacks that succeed at enforcing because of it. */
  readonly attacks: readonly string[];
  /** A test that fails if it is not so: its file and title. null: no test can try it here. */
  readonly shownBy: readonly [file: string, title: string] | null;
}

/** A rule of `syscalls`. */
const callLine = ({ source }: Pick<TokenRule<string>, "source">): Ruled => ({
  text: `syscalls: ${source.text}`,
  source,
});
const noLine: About = () => [];
const vm = (suite: string, title: string) => [`test/vm/guest/${suite}.ts`, title] as const;
const ATTACKS = vm("lsm-attacks", "test(program.name");

/** Calls whose services have hooks of their own (`lsm-holdings.ts`). */
const heldByHook = new Set([
  ...["add_key", "request_key", "keyctl", "perf_event_open", "io_uring_setup", "userfaultfd"],
  "chroot",
]);

/** Calls for which the kernel asks whether the caller may attach to a process (ptrace(2)). */
const tracing = new Set(["process_vm_readv", "process_vm_writev", "pidfd_getfd"]);

export const engineDifferences: readonly EngineDifference[] = [
  {
    what: "system calls",
    landlock: "a filter holds every call, whatever table it is in",
    lsm:
      "no filter for what the launcher did not start. Hooks hold what calls reach, through any " +
      "table; so personality(2) is open, by which memory of brk(2) is executable, and what " +
      "concerns the domain alone: seccomp(2) with a listener, Landlock's log flags",
    way: "open",
    help: "write SystemCallFilter= into the unit",
    about: ({ syscalls }) => syscalls.filter(({ token }) => !heldByHook.has(token)).map(callLine),
    attacks: ["personality", "int80", "seccomp-listener", "landlock-log-off"],
    shownBy: ATTACKS,
  },
  {
    what: "descriptors that a process has when it enters",
    landlock: "only those that `inherit` names",
    lsm:
      "what a process has open when it enters, or is adopted, stays open; the launcher closes it " +
      "at enforcing",
    way: "open",
    help: "systemd gives a unit only its standard ones and its sockets; restart what was adopted",
    about: aboutWords("inherit"),
    attacks: ["inherited-descriptor"],
    shownBy: ATTACKS,
  },
  {
    what: "user and group",
    landlock: "the launcher sets `user` and `group`",
    lsm:
      "is set by the launcher alone (`cofferdam run`, `cofferdam unit enable`); who enters by " +
      "executable, by unit or by `adopt` stays who it is",
    way: "open",
    help: "write User= and Group= into the unit",
    about: ({ user, group }) => [
      ...(user === null ? [] : [{ text: `user: ${user}`, source: null }]),
      ...(group === null ? [] : [{ text: `group: ${group}`, source: null }]),
    ],
    attacks: [],
    shownBy: vm("lsm-differences", "entering changes no user, and no limit of core files"),
  },
  {
    what: "set-user-id programs",
    landlock: "gain nothing, except those that `set-user-id` names",
    lsm: "gain what the kernel gives them, and use no capability that the policy does not name",
    way: "open",
    help: "write NoNewPrivileges=yes into the unit",
    about: noLine,
    attacks: ["setuid-exec"],
    shownBy: vm("lsm-differences", "a set-user-id program gains its user"),
  },
  {
    what: "core dumps",
    landlock: "a crash leaves nothing, unless `core-dumps: allowed`",
    lsm:
      "a crash leaves what the process's limit and core_pattern say; the launcher sets the limit " +
      "at enforcing",
    way: "open",
    help: "write LimitCORE=0 into the unit",
    about: noLine,
    attacks: [],
    shownBy: vm("lsm-differences", "entering changes no user, and no limit of core files"),
  },
  {
    what: "a second mapping of shared memory (mremap)",
    landlock: "needs `memory: [jit]`",
    lsm: "is made; it is no code, and mprotect(2) makes neither executable",
    way: "open",
    help: "",
    about: noLine,
    attacks: ["memory-mremap", "memory-mremap-wrapped"],
    shownBy: ATTACKS,
  },
  {
    what: "IPV6_V6ONLY turned off between bind(2) and its check",
    landlock: "the broker binds",
    lsm:
      "binds `::` to IPv4 too. A stream serves nobody before listen(2), which is judged again; a " +
      "datagram socket does",
    way: "open",
    help: "",
    about: noLine,
    attacks: ["dual-stack-race"],
    shownBy: ATTACKS,
  },
  {
    what: "names, read attributes, watches, leases",
    landlock: "not mediated",
    lsm: "not mediated",
    way: "open",
    help: "",
    about: noLine,
    attacks: ["pinned-getxattr", "pinned-inotify", "pinned-lease", "pinned-stat"],
    shownBy: ATTACKS,
  },
  {
    what: "connect to `::`",
    landlock: "needs the grant for `::1`",
    lsm: "needs the grant for `::1` and the one for 127.0.0.1, because the kernel may take either",
    way: "stricter",
    help: "",
    about: noLine,
    attacks: [],
    shownBy: vm("lsm-differences", "connecting to `::` needs both loopback addresses"),
  },
  {
    what: "process_vm_readv, process_vm_writev, pidfd_getfd, reading memory within the domain",
    landlock: "by `syscalls`",
    lsm: "granted with `memory: [jit]` alone, because the kernel asks as for PTRACE_ATTACH",
    way: "stricter",
    help: "grant `memory: [jit]`, by which code may be written, too",
    about: untraceable,
    attacks: [],
    shownBy: vm("lsm-others", "a process traces its own domain only where code may be written"),
  },
  {
    what: "`memory: [memfd]`, `[dlopen]`",
    landlock: "memfd_create(2) needs `memfd`; threads that map code need `dlopen`, supervised",
    lsm:
      "changes nothing: files in memory may be made, and never become code, and no thread can " +
      "exchange what was judged",
    way: "otherwise",
    help: "",
    about: aboutWords("memory", "memfd", "dlopen"),
    attacks: [],
    shownBy: vm("lsm-differences", "a file in memory may be made, and never becomes code"),
  },
  {
    what: "System V and POSIX IPC",
    landlock: "a namespace of the domain's own",
    lsm: "is granted by kind, objects of processes outside included",
    way: "otherwise",
    help: "write PrivateIPC=yes into the unit",
    about: aboutWords("ipc"),
    attacks: [],
    shownBy: vm("lsm-services", "IPC is granted by kind as `decide()` says"),
  },
  {
    what: "the name of a unix socket that is connected or sent to",
    landlock: "the one by which it is reached",
    lsm: "the one at which it was bound, also if a bind mount leads there",
    way: "otherwise",
    help: "name where the server binds it",
    about: noLine,
    attacks: [],
    shownBy: vm("lsm", "after chroot(2) names are the host's still"),
  },
  {
    what: "capabilities",
    landlock: "the bounding set, from the start on",
    lsm: "each use is judged; `ps` and /proc show those that the process has without Cofferdam",
    way: "otherwise",
    help: "",
    about: noLine,
    attacks: [],
    shownBy: vm(
      "lsm-others",
      "a process uses the capabilities that `decide()` says, and none else",
    ),
  },
  {
    what: "`mediation`, `late-names`, `best-effort`",
    landlock: "choose how a domain is held; `mediation: kernel` says that it is not started",
    lsm: "mean nothing: all domains are held in the same way",
    way: "otherwise",
    help: "",
    about: noLine,
    attacks: [],
    shownBy: ["test/lsm/engine-tables.test.ts", "mediation, late names and best effort"],
  },
  {
    what: "a container, whose mounts do not begin at the host's root",
    landlock: "works there",
    lsm: "no name is granted there; after chroot(2) names are the host's still",
    way: "stricter",
    help: "",
    about: noLine,
    attacks: [],
    shownBy: vm("lsm-differences", "in another root no name is granted"),
  },
  {
    what: "domains of ordinary users",
    landlock: "yes",
    lsm: "only root has domains there",
    way: "stricter",
    help: "",
    about: noLine,
    attacks: [],
    shownBy: ["test/cli/doctor.test.ts", "the engine: which, by which setting and probe"],
  },
  {
    what: "signals to one domain",
    landlock: "not in sealed domains",
    lsm:
      "as written; a domain that the host got after the policy was put into force follows `any`, " +
      "also where a rule denies it",
    way: "better",
    help: "",
    about: noLine,
    attacks: [],
    shownBy: vm("lsm-others", "a signal reaches the domains that `decide()` says, and none else"),
  },
  {
    what: "transitions",
    landlock: "are not made: the program stays in the domain",
    lsm: "are made, with AT_SECURE",
    way: "better",
    help: "",
    about: noLine,
    attacks: [],
    shownBy: vm("lsm", "a transition is taken with AT_SECURE, an entry without"),
  },
  {
    what: "late and replaced names",
    landlock: "sealed domains have those of their start (sealed-differences.md)",
    lsm: "the name counts, whatever object has it",
    way: "better",
    help: "",
    about: noLine,
    attacks: [],
    shownBy: vm("lsm", "names are the kernel's: links, `..`, replaced and late files, bind mounts"),
  },
  {
    what: "files mapped as code (`m`)",
    landlock: "sealed domains map what they may read",
    lsm: "by `m`",
    way: "better",
    help: "",
    about: noLine,
    attacks: [],
    shownBy: vm("lsm", "only files granted for mapping become code"),
  },
  {
    what: "level and policy of what runs",
    landlock: "sealed processes keep theirs until a restart",
    lsm: "in force with the next request",
    way: "better",
    help: "",
    about: noLine,
    attacks: [],
    shownBy: vm("lsm", "a level is in force with the next request, in every direction"),
  },
];

/** Listed calls that reach into other processes, where no code may be written. */
function untraceable({ syscalls, memory }: Policy): readonly Ruled[] {
  if (memory.some(({ effect, token }) => effect === "allow" && token === "jit")) return [];
  return syscalls
    .filter(({ effect, token }) => effect === "allow" && tracing.has(token))
    .map(callLine);
}

/** Attacks that succeed in a domain of the bpf-lsm engine, each with the difference behind it. */
export const attacksOpenInLsm: ReadonlyMap<string, string> = new Map(
  engineDifferences.flatMap(({ attacks, lsm }) => attacks.map((name) => [name, lsm] as const)),
);

export interface DifferenceOfPolicy {
  readonly difference: EngineDifference;
  readonly lines: readonly Ruled[];
}

/** Those that change what lines of the policy mean. */
export function differencesOf(policy: Policy): readonly DifferenceOfPolicy[] {
  return engineDifferences
    .map((difference) => ({ difference, lines: difference.about(policy) }))
    .filter(({ lines }) => lines.length > 0);
}
