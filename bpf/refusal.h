/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Requests outside the domain, for the collector: one entry per distinct request of a process that
 * was refused, or granted at level warning, with an exact count. A flood of one request costs
 * lookups and additions. A flood of distinct requests evicts the oldest entries. The instance's
 * total counts every refusal and so tells how many were missed.
 */
#ifndef COFFERDAM_REFUSAL_H
#define COFFERDAM_REFUSAL_H

#include "kernel.h"
#include "records.h"

#define EACCES 13
#define ALLOW 1
#define DENY 0

static __always_inline void count_kind(__u32 kind)
{
	__u64 *count = bpf_map_lookup_elem(&denials, &kind);

	if (count)
		*count += 1;
}

/* Records the cgroup's name, too: before the run is on record, a reader knows only the launcher's
   process id. */
static __always_inline void count_instance(__u64 cgroup, struct task_struct *task)
{
	struct instance *known = bpf_map_lookup_elem(&instances, &cgroup);
	struct instance fresh = {};

	if (!known) {
		bpf_probe_read_kernel_str(fresh.name, sizeof(fresh.name),
					  BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, name));
		/* The first of two concurrent writers makes the entry; both add to it. */
		bpf_map_update_elem(&instances, &cgroup, &fresh, BPF_NOEXIST);
		known = bpf_map_lookup_elem(&instances, &cgroup);
	}
	if (known)
		__sync_fetch_and_add(&known->refusals, 1);
}

static __always_inline __u32 level_in_force(void)
{
	__u32 only = 0;
	struct control *now = bpf_map_lookup_elem(&control, &only);

	return now ? now->level : LEVEL_ENFORCING;
}

static __always_inline void record(struct refusal_key *key)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	key->cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	key->process = BPF_CORE_READ(task, tgid);
	if (key->denied)
		count_kind(key->kind);
	count_instance(key->cgroup, task);
	count_of(&refusals, key, task);
	count_only(&recorded);
}

/* Decides on a request outside the domain by the level. A request for one of Cofferdam's own
   objects is denied at every level. */
static __noinline int verdict(struct refusal_key *key, int own)
{
	__u32 level = level_in_force();

	if (level == LEVEL_DISABLED && !own)
		return ALLOW;
	key->level = level;
	key->denied = level != LEVEL_WARNING || own;
	record(key);
	return key->denied ? DENY : ALLOW;
}

/* For hooks that may choose the error: EACCES, as Landlock returns, instead of EPERM. */
static __always_inline int refuse(struct refusal_key *key, int own)
{
	if (verdict(key, own) == ALLOW)
		return ALLOW;
	bpf_set_retval(-EACCES);
	return DENY;
}

#endif
