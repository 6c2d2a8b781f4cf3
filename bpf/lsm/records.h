/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the programs write and user space reads. src/kernel/bpf/lsm/layout.ts has the same layouts;
 * test/lsm/object.test.ts compares them.
 */
#ifndef COFFERDAM_LSM_RECORDS_H
#define COFFERDAM_LSM_RECORDS_H

#include "tables.h"

/* Bytes of the ring buffer. */
#define EVENTS_BYTES (1 << 20)
/* Distinct requests that are remembered, so that each is an event once in a while. */
#define REQUESTS_MAX 8192
/* Until a request that is made again is told again, with its count: 2^33 ns, nine seconds. */
#define REPEAT_NS (1ULL << 33)
/* Bytes of one domain's events that the reader has not taken yet. */
#define UNREAD_BYTES_MAX (EVENTS_BYTES / 16)
/* Events of one domain in one window; what exceeds it is counted. */
#define EVENTS_PER_WINDOW_MAX 256
/* A window is 2^30 ns, about a second. */
#define WINDOW_SHIFT 30
#define COMM_BYTES 16

enum request_kind {
	REQUEST_NAME,
	REQUEST_GAIN, /* a rename or link would give the object permissions */
	REQUEST_ROOT, /* chroot, mounts: what names mean would change */
	REQUEST_MEMORY, /* memory made executable */
	REQUEST_TRANSITION, /* by an execve under another process's control */
	REQUEST_BPF,
	REQUEST_ADDRESS, /* the name is a struct endpoint */
	REQUEST_SOCKET, /* the name is a struct socket_asked */
	REQUEST_ROUTE, /* by way of an address that was not judged */
	REQUEST_SIGNAL, /* the name is a struct other_asked */
	REQUEST_PROCESS, /* the same */
	REQUEST_CAPABILITY, /* the name is its number, 4 bytes */
	REQUEST_SERVICE, /* the name is an enum service, 4 bytes */
	REQUEST_SET_ID, /* a file that would give its owner's rights to who executes it */
	REQUEST_DEVICE, /* a device node, or a whiteout */
};

enum service {
	SERVICE_SHM,
	SERVICE_SEM,
	SERVICE_MSG,
	SERVICE_MQUEUE,
	SERVICE_KEYS,
	SERVICE_PERF,
	SERVICE_IO_URING,
	SERVICE_USERFAULTFD,
	SERVICE_USER_NAMESPACE,
	SERVICE_TERMINAL, /* input put into a terminal */
};

/* What the process may not do to another one. */
enum process_act {
	ACT_TRACE,
	ACT_INSPECT, /* as a tracer may: memory, environment, descriptors */
	ACT_TRACED, /* by its parent */
	ACT_LIMIT,
	ACT_SCHEDULE,
	ACT_SIBLING, /* give its parent another child */
	ACT_OWNER, /* make it the owner of a descriptor, to which signals go */
};

struct other_asked {
	__u32 domain;
	__u32 detail; /* the signal, or an enum process_act */
};

/* Why a name is none that a policy could grant. */
enum name_state {
	NAME_FOUND,
	NAME_NONE, /* the object is in a file system that has no names: a pipe, a memfd */
	NAME_ELSEWHERE, /* not below the host's root in the task's own mounts */
	NAME_TOO_LONG,
	NAME_KERNELS, /* below overlayfs; never judged */
};

/* One request outside the domain. The name follows, without NUL. */
struct event {
	__u64 time; /* CLOCK_MONOTONIC, ns */
	__u32 domain;
	__u32 process; /* thread group, in the first pid namespace */
	__u32 thread;
	__u32 uid;
	__u32 permissions; /* that the domain lacks */
	__u8 kind;
	__u8 level;
	__u8 denied; /* 0: the request was granted */
	__u8 name_state;
	__u32 length; /* bytes of the name */
	__u8 comm[COMM_BYTES];
	__u32 own; /* permissions denied at every level */
	__u32 count; /* requests since the last event about the same */
	__u32 reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, EVENTS_BYTES);
} events SEC(".maps");

struct request {
	__u32 domain;
	__u32 permissions;
	__u16 kind;
	__u16 denied;
	__u32 begun; /* of the domain's standing */
	__u64 digest; /* of the name */
};

struct told {
	__u64 time; /* of the last event */
	__u64 more; /* requests since then */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct request);
	__type(value, struct told);
	__uint(max_entries, REQUESTS_MAX);
} requests SEC(".maps");

/* Of one domain, since the programs were loaded. */
struct account {
	__u64 denied;
	__u64 warned;
	__u64 dropped; /* requests of which no event was written, and that none had told of before */
	__u64 window;
	__u64 in_window;
	__u64 read_to; /* where the reader was when `unread` began */
	__u64 unread; /* bytes of events since then */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, struct account);
	__uint(max_entries, DOMAINS_MAX);
} accounts SEC(".maps");

#endif
