import type { PlainCall } from "./call.ts";
import { noUse } from "./columns.ts";

/** Calls by the reason why they need no mediation. */
const reasons: Readonly<Record<string, string>> = {
  "the rights of the descriptor were decided when it was opened": `
    fstat lseek sendfile flock fsync fdatasync ftruncate getdents getdents64 fstatfs readahead
    fgetxattr flistxattr fadvise64 sync sync_file_range fallocate preadv preadv2 pwritev
    pwritev2 syncfs copy_file_range cachestat splice tee vmsplice io_setup io_destroy
    io_getevents io_pgetevents io_submit io_cancel`,
  "the caller's own descriptors, which reach nothing by themselves": `
    pipe pipe2 dup dup2 dup3 poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl
    epoll_wait epoll_pwait epoll_pwait2 epoll_ctl_old epoll_wait_old eventfd eventfd2 signalfd
    signalfd4 timerfd_create timerfd_settime timerfd_gettime inotify_init inotify_init1
    inotify_rm_watch landlock_create_ruleset landlock_add_rule`,
  "the address is the peer's, or was judged when the socket was bound or connected": `
    accept accept4 recvfrom recvmsg recvmmsg shutdown getsockname getpeername getsockopt`,
  "the caller's own memory": `
    msync mincore mlock mlock2 mlockall munlock munlockall remap_file_pages mbind set_mempolicy
    get_mempolicy set_mempolicy_home_node pkey_mprotect pkey_alloc pkey_free map_shadow_stack
    mseal modify_ldt set_thread_area get_thread_area membarrier`,
  "time, and waiting for it": `
    pause nanosleep clock_nanosleep getitimer setitimer alarm gettimeofday time times
    clock_gettime clock_getres timer_create timer_settime timer_gettime timer_getoverrun
    timer_delete sched_yield`,
  "reports the caller's identity": `
    getpid gettid getppid getuid geteuid getgid getegid getgroups getresuid getresgid getpgid
    getpgrp getsid capget getcpu getrandom getcwd lsm_get_self_attr`,
  "the caller's own limits and session; the kernel checks its rights": "getrlimit setsid getrusage",
  "waits for children, or for signals to the caller": `
    wait4 waitid rt_sigpending rt_sigtimedwait rt_sigsuspend`,
  "reports the scheduling of a process": `
    getpriority ioprio_get sched_getparam sched_getscheduler sched_getattr sched_getaffinity
    sched_rr_get_interval sched_get_priority_max sched_get_priority_min`,
  "a descriptor of a process; its uses are notified": "pidfd_open",
  "reports on the host": "uname sysinfo ustat sysfs statmount listmount lsm_list_modules",
  "not implemented by the kernel": "getpmsg putpmsg",
};

/**
 * Calls that only the policy's list decides. Listed one by one, so that a call of a newer kernel
 * stays unclassified until it has been reviewed.
 */
export const plainCalls: readonly PlainCall[] = Object.entries(reasons).flatMap(([why, names]) =>
  names
    .trim()
    .split(/\s+/)
    .map(
      (name): PlainCall => ({
        class: "plain",
        name,
        why,
        voids: [],
        sealed: null,
        supervised: noUse,
      }),
    ),
);
