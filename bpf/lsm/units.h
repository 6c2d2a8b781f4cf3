/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The entry by systemd unit. systemd makes a unit's control group anew at each start, so what
 * counts is the group's path. Only processes that may make groups outside of the unit's could put
 * themselves there, and no domain grants that.
 */
#ifndef COFFERDAM_LSM_UNITS_H
#define COFFERDAM_LSM_UNITS_H

#include "task.h"

/* Control groups from the root to the one that a process is in. */
#define GROUPS_DEEP_MAX 8

static __always_inline __u32 unit_generation(void)
{
	__u32 key = 0;
	__u32 *generation = bpf_map_lookup_elem(&unit_generations, &key);

	return generation ? *generation : 0;
}

/*
 * The domain that the path of this group, or of one above it, leads into; 0 for none. A group that
 * lies deeper than the limit is in no unit: who enters by unit is started by systemd, in the unit's
 * own group or one below.
 */
static __always_inline __u32 domain_of_path(struct kernfs_node *node)
{
	struct kernfs_node *above[GROUPS_DEEP_MAX];
	struct unit unit = {};
	__u32 at = 0;
	int depth;

#pragma unroll
	for (depth = 0; depth < GROUPS_DEEP_MAX; depth++) {
		above[depth] = node;
		node = node ? parent_of(node) : NULL;
	}
	if (node)
		return 0;
#pragma unroll
	for (depth = GROUPS_DEEP_MAX - 1; depth >= 0; depth--) {
		__u32 *into;
		long bytes;

		/* The root has no parent, and no name. */
		if (!above[depth] || !parent_of(above[depth]))
			continue;
		if (at >= UNIT_BYTES / 2)
			return 0;
		unit.path[at] = '/';
		bytes = bpf_probe_read_kernel_str(&unit.path[at + 1], UNIT_BYTES / 2 - 1,
						  BPF_CORE_READ(above[depth], name));
		/* Empty, or perhaps cut. */
		if (bytes < 2 || bytes >= UNIT_BYTES / 2 - 1)
			return 0;
		at += bytes;
		into = bpf_map_lookup_elem(&units, &unit);
		if (into)
			return *into;
	}
	return 0;
}

/*
 * The domain that executing a file leads into because of the unit that the process is in; 0 for
 * none. Each group keeps what was found for it, until the units change. A function of its own, because
 * the path that it builds takes half of the stack that a program may have.
 */
static __noinline __u32 domain_of_unit(struct task_struct *task)
{
	__u32 generation = unit_generation();
#ifdef BEFORE_6_12
	return generation ? domain_of_path(BPF_CORE_READ(task, cgroups, dfl_cgrp, kn)) : 0;
#else
	struct cgroup *group;
	__u64 *mark;
	__u32 domain = 0;

	if (!generation)
		return 0;
	bpf_rcu_read_lock();
	group = task->cgroups->dfl_cgrp;
	mark = bpf_cgrp_storage_get(&unit_marks, group, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (mark && *mark >> 32 == generation) {
		domain = *mark;
	} else {
		domain = domain_of_path(BPF_CORE_READ(group, kn));
		/* Without memory for a mark it is found anew each time. */
		if (mark)
			*mark = (__u64)generation << 32 | domain;
	}
	bpf_rcu_read_unlock();
	return domain;
#endif
}

#endif
