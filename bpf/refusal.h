/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is outside the domain, for whoever reads along: one entry for each thing that one process asked for in vain, or at level warning, with an exact count.
 * A flood of one thing costs lookups and additions; a flood of many things pushes out what was asked for longest ago, and
 * the total of the instance, which counts every refusal, tells how much was missed.
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

/* The name, since the launcher's process id is all that a reader knows before the cgroup is made. */
static __always_inline void count_instance(__u64 cgroup, struct task_struct *task)
{
	struct instance *known = bpf_map_lookup_elem(&instances, &cgroup);
	struct instance fresh = {};

	if (!known) {
		bpf_probe_read_kernel_str(fresh.name, sizeof(fresh.name), BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, name));
		/* Whoever comes first makes it; both add to the same. */
		bpf_map_update_elem(&instances, &cgroup, &fresh, BPF_NOEXIST);
		known = bpf_map_lookup_elem(&instances, &cgroup);
	}
	if (known)
		__sync_fetch_and_add(&known->refusals, 1);
}

static __always_inline void count_refusal(struct refusal_key *key, struct task_struct *task)
{
	struct refusal *known = bpf_map_lookup_elem(&refusals, key);
	struct refusal fresh = {};

	if (!known) {
		fresh.first = bpf_ktime_get_ns();
		fresh.uid = BPF_CORE_READ(task, cred, uid.val);
		BPF_CORE_READ_INTO(&fresh.comm, task, comm);
		bpf_map_update_elem(&refusals, key, &fresh, BPF_NOEXIST);
		known = bpf_map_lookup_elem(&refusals, key);
	}
	if (known)
		__sync_fetch_and_add(&known->count, 1);
}

static __always_inline void count_record(void)
{
	__u32 only = 0;
	__u64 *count = bpf_map_lookup_elem(&recorded, &only);

	if (count)
		__sync_fetch_and_add(count, 1);
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
	count_refusal(key, task);
	count_record();
}

/* What the level says to something outside the domain; what belongs to Cofferdam no level grants. */
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

/* For hooks that may choose the error: instead of EPERM what Landlock answers for the same thing. */
static __always_inline int refuse(struct refusal_key *key, int own)
{
	if (verdict(key, own) == ALLOW)
		return ALLOW;
	bpf_set_retval(-EACCES);
	return DENY;
}

#endif
