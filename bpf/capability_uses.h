/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the program writes of a domain's use of capabilities. src/kernel/bpf/capability-uses.ts has
 * the same layouts; test/cgroup/object.test.ts compares the two.
 */
#ifndef COFFERDAM_CAPABILITY_USES_H
#define COFFERDAM_CAPABILITY_USES_H

#include "tally.h"

/* Distinct uses in the map, of all domains together. */
#define USES_MAX 2048
/* Control groups that are looked at. */
#define WATCHED_MAX 4096
/* No system call, or one of another architecture. */
#define NO_CALL (-1)

/* Unused bytes are zero. */
struct use_key {
	__u64 cgroup; /* id of the process's cgroup */
	__u32 process; /* thread group, in the first pid namespace */
	__u32 capability;
	__s32 call; /* number of x86_64, or NO_CALL */
	__u32 zero;
};

/* By cgroup: the capabilities whose use is recorded, as a mask of `1 << number`. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, __u64);
	__type(value, __u64);
	__uint(max_entries, WATCHED_MAX);
} watched SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct use_key);
	__type(value, struct tally);
	__uint(max_entries, USES_MAX);
} uses SEC(".maps");

/* Counts all uses. Readers map it, so reading it takes no system call. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
} used SEC(".maps");

#endif
