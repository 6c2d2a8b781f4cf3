/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the programs write and user space only reads. src/kernel/bpf/refusals.ts has the same
 * layouts; test/cgroup/object.test.ts compares the two.
 */
#ifndef COFFERDAM_RECORDS_H
#define COFFERDAM_RECORDS_H

#include "tally.h"

/* Distinct refusals in the map, of all instances of the domain together. */
#define REFUSALS_MAX 2048
/* Instances in the map of totals: those that run and the last that ended. */
#define INSTANCES_MAX 1024
/* Bytes of sun_path (unix(7)), the longest address. */
#define UNIX_PATH_MAX 108
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

/* One request outside the domain, by one process. Unused bytes are zero. */
struct refusal_key {
	__u64 cgroup; /* id of the process's cgroup */
	__u32 process; /* thread group, in the first pid namespace */
	__u8 kind;
	__u8 family; /* AF_* of the address, or of the socket that was refused */
	__u16 length; /* bytes of `address` */
	__u16 type; /* SOCK_*; 0 for unix */
	__u16 protocol; /* IPPROTO_*; 0 for unix */
	__u16 port; /* host byte order */
	/* 4 or 16 bytes, or sun_path: a pathname up to its NUL, or an abstract name with its leading NUL.
	   Padded, because keys have no holes. */
	__u8 address[UNIX_PATH_MAX + 4];
	__u8 level; /* in force at the time of the request */
	__u8 denied; /* 0: the request was granted */
};

struct instance {
	__u64 refusals; /* including those granted at level warning */
	char name[INSTANCE_NAME_BYTES]; /* of its cgroup's directory */
};

/* Denials by refusal_kind, of all instances together; no entry is ever evicted. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, REFUSAL_KINDS);
} denials SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct refusal_key);
	__type(value, struct tally);
	__uint(max_entries, REFUSALS_MAX);
} refusals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, __u64);
	__type(value, struct instance);
	__uint(max_entries, INSTANCES_MAX);
} instances SEC(".maps");

/* Counts all records. Readers map it, so reading it takes no system call. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
} recorded SEC(".maps");

#endif
