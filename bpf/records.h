/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the programs write and user space only reads; src/kernel/bpf/refusals.ts knows the layouts, and
 * test/cgroup/object.test.ts compares the two.
 */
#ifndef COFFERDAM_RECORDS_H
#define COFFERDAM_RECORDS_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

/* Different refusals that are remembered, of all instances of the domain together. */
#define REFUSALS_MAX 2048
/* Instances whose totals are remembered: those that run and the last that ended. */
#define INSTANCES_MAX 1024
/* Bytes of sun_path (unix(7)), the longest address. */
#define UNIX_PATH_MAX 108
#define COMM_BYTES 16
/* Bytes of an instance's name, its NUL included: a process id. */
#define INSTANCE_NAME_BYTES 16

enum refusal_kind {
	REFUSED_CREATE,
	REFUSED_CONNECT,
	REFUSED_SEND,
	REFUSED_BIND,
	REFUSED_UNIX_CONNECT,
	REFUSED_UNIX_SEND,
	REFUSAL_KINDS,
};

/* One thing outside the domain that one process asked for. Unused bytes are zero. */
struct refusal_key {
	__u64 cgroup; /* id of the process's cgroup */
	__u32 process; /* thread group, in the first pid namespace */
	__u8 kind;
	__u8 family; /* AF_* of the address, or of the socket that was not made */
	__u16 length; /* bytes of `address` */
	__u16 type; /* SOCK_*; 0 for unix */
	__u16 protocol; /* IPPROTO_*; 0 for unix */
	__u16 port; /* host byte order */
	/* 4 or 16 bytes, or sun_path: a pathname up to its NUL, an abstract name with its first; padded, for keys have no holes. */
	__u8 address[UNIX_PATH_MAX + 4];
	__u8 level; /* in force at that moment */
	__u8 denied; /* 0: it went on */
};

struct refusal {
	__u64 count;
	__u64 first; /* CLOCK_MONOTONIC, ns */
	__u32 uid;
	__u8 comm[COMM_BYTES];
	__u32 zero;
};

struct instance {
	__u64 refusals; /* what went on at level warning included */
	char name[INSTANCE_NAME_BYTES]; /* of its cgroup's directory */
};

/* What was denied, by refusal_kind, of all instances together, never forgotten. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, REFUSAL_KINDS);
} denials SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct refusal_key);
	__type(value, struct refusal);
	__uint(max_entries, REFUSALS_MAX);
} refusals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, __u64);
	__type(value, struct instance);
	__uint(max_entries, INSTANCES_MAX);
} instances SEC(".maps");

/* How often anything was recorded. Readers map it: a look costs no system call. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
} recorded SEC(".maps");

#endif
