import {
  AT_EMPTY_PATH,
  CLONE_FILES,
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWTIME,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
  CLONE_PARENT,
  CLONE_THREAD,
  RLIMIT_CORE,
} from "../../../kernel/constants.ts";
import { BROKERED_GROUPS_MAX } from "../../../kernel/system-calls/privileges.ts";
import {
  absent,
  allow,
  ifBits,
  ifOneOf,
  ifPointer,
  notify,
  refuse,
} from "../../../kernel/system-calls/verdict.ts";
import type { CallRow } from "../call-row.ts";

/** CLONE_NEWTIME is left out: in clone() its bit belongs to the exit signal. */
const NEW_NAMESPACES =
  CLONE_NEWNS |
  CLONE_NEWCGROUP |
  CLONE_NEWUTS |
  CLONE_NEWIPC |
  CLONE_NEWUSER |
  CLONE_NEWPID |
  CLONE_NEWNET;

/** `linux/resource.h` and `linux/ioprio.h`: "who" is a process; 0 is the caller. */
const PRIO_PROCESS = 0;
const IOPRIO_WHO_PROCESS = 1;
/** `linux/personality.h`: PER_LINUX, and the question what it is. */
const harmlessPersonalities = [0, 0xffffffff];

const OTHERS =
  "on another process it is asked about: nothing below sees that it lies outside the domain";
const CORE_LIMIT =
  "the limit of core files is asked about unless the policy has `core-dumps: allowed`: what the" +
  " kernel writes at a crash is outside every grant";
const NAMESPACES = "new namespaces give names and privileges another meaning: refused";

const ownAlone = ifOneOf(0, [0], allow, notify);

export const processCalls: readonly CallRow[] = [
  {
    calls: ["setrlimit"],
    class: "processes",
    applies: "listed",
    why: CORE_LIMIT,
    verdict: ({ coreDumps }) => (coreDumps ? allow : ifOneOf(0, [RLIMIT_CORE], notify, allow)),
  },
  {
    calls: ["prlimit64"],
    class: "processes",
    applies: "listed",
    why: `${OTHERS}; ${CORE_LIMIT}`,
    verdict: ({ coreDumps }) =>
      coreDumps ? ownAlone : ifOneOf(1, [RLIMIT_CORE], ifPointer(2, notify, ownAlone), ownAlone),
  },
  {
    calls: ["clone"],
    class: "processes",
    applies: "listed",
    why: `${NAMESPACES}; so is a child of the own parent (CLONE_PARENT), who is outside the domain, and a process that shares descriptors without being a thread: the mediator counts threads to know that nobody exchanges one`,
    verdict: () =>
      ifBits(
        0,
        NEW_NAMESPACES | CLONE_PARENT,
        refuse,
        ifBits(0, CLONE_THREAD, allow, ifBits(0, CLONE_FILES, refuse, allow)),
      ),
  },
  {
    calls: ["unshare"],
    class: "processes",
    applies: "listed",
    why: NAMESPACES,
    verdict: () => ifBits(0, NEW_NAMESPACES | CLONE_NEWTIME, refuse, allow),
  },
  {
    calls: ["clone3"],
    class: "processes",
    applies: "always",
    why: "its flags lie in memory: absent, so that libc falls back to clone",
    verdict: () => absent,
  },
  {
    calls: ["execveat"],
    class: "processes",
    applies: "listed",
    why: "with AT_EMPTY_PATH it executes a descriptor, for instance memory: refused",
    verdict: () => ifBits(4, AT_EMPTY_PATH, refuse, allow),
  },
  {
    calls: [
      "sched_setscheduler",
      "sched_setparam",
      "sched_setattr",
      "sched_setaffinity",
      "migrate_pages",
      "move_pages",
    ],
    class: "processes",
    applies: "listed",
    why: OTHERS,
    verdict: () => ownAlone,
  },
  {
    calls: ["setpgid"],
    class: "processes",
    applies: "listed",
    why:
      "a group with somebody outside in it is not joined: the terminal would stop them all;" +
      " 0 makes a group of one's own",
    verdict: () => ifOneOf(1, [0], allow, notify),
  },
  {
    calls: ["setpriority"],
    class: "processes",
    applies: "listed",
    why: OTHERS,
    verdict: () => ifOneOf(0, [PRIO_PROCESS], ifOneOf(1, [0], allow, notify), notify),
  },
  {
    calls: ["ioprio_set"],
    class: "processes",
    applies: "listed",
    why: OTHERS,
    verdict: () => ifOneOf(0, [IOPRIO_WHO_PROCESS], ifOneOf(1, [0], allow, notify), notify),
  },
  {
    calls: ["setgroups"],
    class: "processes",
    applies: "listed",
    why:
      `more than ${BROKERED_GROUPS_MAX} supplementary groups would make every call that is` +
      " brokered for the process dear: refused",
    verdict: () => ifBits(0, ~BROKERED_GROUPS_MAX, refuse, allow),
  },
  {
    calls: ["process_madvise", "process_mrelease"],
    class: "processes",
    applies: "always",
    why: "acts on the memory of other processes through a descriptor: refused",
    verdict: () => refuse,
  },
  {
    calls: ["personality"],
    class: "processes",
    applies: "listed",
    why: "anything but the ordinary personality weakens the process's own defences: refused",
    verdict: () => ifOneOf(0, harmlessPersonalities, allow, refuse),
  },
];
