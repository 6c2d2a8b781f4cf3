// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Records which capabilities the kernel found that it needs, and that a domain at level warning
 * would lack at enforcing. It decides nothing. One of the two programs is attached, to the kernel's
 * own check (cap_capable in security/commoncap.c), while a domain is at level warning. For any
 * other process it looks up one control group and ends.
 */
#include "capability_uses.h"
#include <asm/unistd_64.h>
#include <bpf/bpf_core_read.h>

#define CAP_OPT_NOAUDIT 2 /* include/linux/security.h */
#define CAP_SYS_ADMIN 21
#define TS_COMPAT 2 /* arch/x86/include/asm/thread_info.h */
#define PROBES_MAX 4
/* Return addresses above the check: the tracepoint's own, then its callers. */
#define FRAMES_MAX 8

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct user_namespace {
	int level;
};

struct cred;

struct thread_info {
	__u32 status;
};

struct task_struct {
	const struct cred *real_cred;
	struct thread_info thread_info;
};

struct pt_regs {
	unsigned long orig_ax;
};

#pragma clang attribute pop

/*
 * The kernel also asks for capabilities where the answer is no condition: how much memory may be
 * promised, whether /proc shows an address. It marks such questions CAP_OPT_NOAUDIT. The tracepoint
 * does not show the mark. So the functions that set it are recognised by their addresses, which
 * src/kernel/bpf/load-capability-uses.ts reads from /proc/kallsyms.
 */
struct kernel_function {
	__u64 begin;
	__u64 end;
};

const volatile struct kernel_function probes[PROBES_MAX];

static __always_inline int is_in_probe(__u64 address)
{
	for (int probe = 0; probe < PROBES_MAX; probe++)
		if (address > probes[probe].begin && address <= probes[probe].end)
			return 1;
	return 0;
}

static __always_inline __s32 call_of(struct task_struct *task)
{
	struct pt_regs *registers = (struct pt_regs *)bpf_task_pt_regs(task);

	if (BPF_CORE_READ(task, thread_info.status) & TS_COMPAT)
		return NO_CALL;
	return BPF_CORE_READ(registers, orig_ax);
}

/*
 * Each new mapping asks whether CAP_SYS_ADMIN may exceed the limit on memory, many times in a fork.
 * For that it would take too long to look at the callers. In none of these calls it is a condition;
 * clone with new namespaces is reported by its form.
 */
static __always_inline int is_about_memory(__u32 capability, struct task_struct *task)
{
	if (capability != CAP_SYS_ADMIN)
		return 0;
	switch (call_of(task)) {
	case __NR_mmap:
	case __NR_mprotect:
	case __NR_brk:
	case __NR_mremap:
	case __NR_clone:
	case __NR_fork:
	case __NR_vfork:
	case __NR_execve:
		return 1;
	default:
		return 0;
	}
}

static __always_inline void record(__u64 cgroup, __u32 capability, struct task_struct *task)
{
	struct use_key key = {};

	key.cgroup = cgroup;
	key.process = bpf_get_current_pid_tgid() >> 32;
	key.capability = capability;
	key.call = call_of(task);
	count_of(&uses, &key, task);
	count_only(&used);
}

/*
 * The task, if the domain used one of the capabilities that are looked for: in the host's user
 * namespace, because in one of its own a process has all, and with its own credentials, because
 * access(2) and overlayfs ask about others. NULL otherwise.
 */
static __always_inline struct task_struct *user_of(__u64 cgroup, __u64 cred, __u64 owner,
						   __u32 capability)
{
	__u64 *mask = bpf_map_lookup_elem(&watched, &cgroup);
	const struct user_namespace *namespace = (const void *)owner;
	struct task_struct *task;

	if (!mask || capability > 63 || !(*mask >> capability & 1))
		return NULL;
	task = (struct task_struct *)bpf_get_current_task_btf();
	if ((__u64)BPF_CORE_READ(task, real_cred) != cred || BPF_CORE_READ(namespace, level) != 0)
		return NULL;
	return task;
}

/* Linux 6.14. Arguments: credentials, namespaces asked about and found, capability, result. */
SEC("raw_tp/cap_capable")
int at_tracepoint(struct bpf_raw_tracepoint_args *context)
{
	__u64 frames[FRAMES_MAX] = {};
	__u32 capability = context->args[3];
	struct task_struct *task;
	__u64 cgroup;

	if ((int)context->args[4] != 0)
		return 0;
	cgroup = bpf_get_current_cgroup_id();
	task = user_of(cgroup, context->args[0], context->args[1], capability);
	if (!task || is_about_memory(capability, task))
		return 0;
	bpf_get_stack(context, frames, sizeof(frames), 0);
	for (int frame = 0; frame < FRAMES_MAX; frame++)
		if (is_in_probe(frames[frame]))
			return 0;
	record(cgroup, capability, task);
	return 0;
}

/* For kernels with trampolines. Arguments: credentials, namespace, capability, options, result. */
SEC("fexit/cap_capable")
int at_return(__u64 *context)
{
	__u32 capability = context[2];
	struct task_struct *task;
	__u64 cgroup;

	if ((int)context[4] != 0 || context[3] & CAP_OPT_NOAUDIT)
		return 0;
	cgroup = bpf_get_current_cgroup_id();
	task = user_of(cgroup, context[0], context[1], capability);
	if (task)
		record(cgroup, capability, task);
	return 0;
}

char dual_license[] SEC("license") = "Dual BSD/GPL";
