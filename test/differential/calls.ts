import fc from "fast-check";

/**
 * Calls that do no harm and, with every argument 0, never fail for want of a permission of the
 * host's own.
 */
const harmless = [
  ...[
    "alarm",
    "capget",
    "epoll_create1",
    "eventfd2",
    "flock",
    "fsync",
    "getcpu",
    "getgroups",
    "getitimer",
    "getpgid",
  ],
  ...[
    "getpriority",
    "getrusage",
    "getsid",
    "getsockname",
    "inotify_init1",
    "io_setup",
    "mincore",
    "msync",
    "munlockall",
  ],
  ...[
    "nanosleep",
    "sched_get_priority_max",
    "sched_getparam",
    "sched_yield",
    "shutdown",
    "sysinfo",
    "tee",
  ],
  ...["timer_create", "timerfd_create", "times", "umask", "vmsplice"],
];
/** Groups that hold some of them and nothing that the probers need. */
const groups = ["@timer", "@io-event", "@sync", "@aio", "@resources"];

export type CallProbe = string;
export const callProbe: fc.Arbitrary<CallProbe> = fc.constantFrom(...harmless);

/** A word of `syscalls`. */
export const listing: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom("", "deny "), fc.constantFrom(...harmless, ...groups, ...groups))
  .map(([deny, what]) => `${deny}${what}`);

/** For `test/properties/try.c`. */
export function callLine(number: number): string {
  return `call ${number}`;
}
