import type { PlainCall } from "./call.ts";
import { noUse } from "./columns.ts";

/** Each list with the reason why nothing in it is mediated. */
const reasons: Readonly<Record<string, string>> = {
  "what the descriptor may do was decided when it was opened": `
    fstat lseek sendfile flock fsync fdatasync ftruncate getdents getdents64 fstatfs readahead
    fgetxattr flistxattr fadvise64 sync sync_file_range fallocate preadv preadv2 pwritev
    pwritev2 syncfs copy_file_range cachestat splice tee vmsplice io_setup io_destroy
    io_getevents io_pgetevents io_submit io_cancel`,
  "descriptors of one's own, which reach nothing by themselves": `
    pipe pipe2 dup dup2 dup3 poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl
    epoll_wait epoll_pwait epoll_pwait2 epoll_ctl_old epoll_wait_old eventfd eventfd2 signalfd
    signalfd4 timerfd_create timerfd_settime timerfd_gettime inotify_init inotify_init1
    inotify_rm_watch landlock_create_ruleset landlock_add_rule`,
  "the address is the peer's, or was judged when the socket got it": `
    accept accept4 recvfrom recvmsg recvmmsg shutdown getsockname getpeername getsockopt`,
  "memory of one's own": `
    msync mincore mlock mlock2 mlockall munlock munlockall remap_file_pages mbind set_mempolicy
    get_mempolicy set_mempolicy_home_node pkey_mprotect pkey_alloc pkey_free map_shadow_stack
    mseal modify_ldt set_thread_area get_thread_area membarrier`,
  "time, and waiting for it": `
    pause nanosleep clock_nanosleep getitimer setitimer alarm gettimeofday time times
    clock_gettime clock_getres timer_create timer_settime timer_gettime timer_getoverrun
    timer_delete sched_yield`,
  "tells who the caller is": `
    getpid gettid getppid getuid geteuid getgid getegid getgroups getresuid getresgid getpgid
    getpgrp getsid capget getcpu getrandom getcwd lsm_get_self_attr`,
  "limits and session of one's own; the kernel lets nobody raise more than it may":
    "getrlimit setsid getrusage",
  "waits for children, or for signals to the caller": `
    wait4 waitid rt_sigpending rt_sigtimedwait rt_sigsuspend`,
  "tells scheduling of a process, changes nothing": `
    getpriority ioprio_get sched_getparam sched_getscheduler sched_getattr sched_getaffinity
    sched_rr_get_interval sched_get_priority_max sched_get_priority_min`,
  "a handle on a process; whatever is done with it is asked about": "pidfd_open",
  "tells about the host, changes nothing":
    "uname sysinfo ustat sysfs statmount listmount lsm_list_modules",
  "the kernel has nothing behind it": "getpmsg putpmsg",
};

/**
 * Calls that only the policy's list is about. Spelled out, so that a call of a newer kernel is in
 * no class until somebody has thought about it.
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
