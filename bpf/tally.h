/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How often something happened, and of whom it was heard first: the values of maps that a collector
 * or the mediator reads. src/kernel/bpf/tally.ts has the same layout; test/cgroup/object.test.ts
 * compares the two.
 */
#ifndef COFFERDAM_TALLY_H
#define COFFERDAM_TALLY_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define COMM_BYTES 16

struct tally {
	__u64 count;
	__u64 first; /* CLOCK_MONOTONIC, ns */
	__u32 uid;
	__u8 comm[COMM_BYTES];
	__u32 zero;
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* The kernel's structures of these names up to `___`. */
struct cred___of_tally {
	struct {
		__u32 val;
	} uid;
};

struct task_struct___of_tally {
	const struct cred___of_tally *cred;
	char comm[COMM_BYTES];
};

#pragma clang attribute pop

/* Counts one under the key. The entry names the task that was the first. */
static __always_inline void count_of(void *map, const void *key, const void *task)
{
	const struct task_struct___of_tally *first = task;
	struct tally *known = bpf_map_lookup_elem(map, key);
	struct tally fresh = {};

	if (!known) {
		fresh.first = bpf_ktime_get_ns();
		fresh.uid = BPF_CORE_READ(first, cred, uid.val);
		BPF_CORE_READ_INTO(&fresh.comm, first, comm);
		/* The first of two concurrent writers makes the entry; both add to it. */
		bpf_map_update_elem(map, key, &fresh, BPF_NOEXIST);
		known = bpf_map_lookup_elem(map, key);
	}
	if (known)
		__sync_fetch_and_add(&known->count, 1);
}

/* Adds one to the only element of an array. */
static __always_inline void count_only(void *map)
{
	__u32 only = 0;
	__u64 *count = bpf_map_lookup_elem(map, &only);

	if (count)
		__sync_fetch_and_add(count, 1);
}

#endif
