/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a process does to others: signals, which a policy grants by the other's domain, and what no
 * policy grants: tracing them, reading of them in /proc what only a tracer may, changing their
 * limits, priorities and processors. Processes of one domain are one.
 */
#ifndef COFFERDAM_LSM_PROCESSES_H
#define COFFERDAM_LSM_PROCESSES_H

#include "files.h"

/* Steps of a search among all domains. */
#define SEARCH_STEPS_MAX 15

static __always_inline __u32 domain_of(struct task_struct *task)
{
	struct label *label = bpf_task_storage_get(&labels, task, NULL, 0);

	return label ? label->domain : 0;
}

/* In the place of a domain: Cofferdam's own processes, which no rule reaches. */
#define OWN_PROCESSES 0xffffffff

/* Of a process, as its first thread is marked. */
static __always_inline bool is_own(struct task_struct *task)
{
	struct label *label = bpf_task_storage_get(&labels, task->group_leader, NULL, 0);

	return label && !label->domain && label->launched == LAUNCHED_OWN;
}

/* Rules that name a domain, by its number; the others follow `any`. */
static __noinline bool is_signal_granted(struct label *label, __u32 domain)
{
	void *table = table_of(label);
	struct table_head *head = head_of(table);
	__u32 low = 0, high, row, step;

	if (!head)
		return false;
	high = head->signal_count;
	row = head->signals_row;
	for (step = 0; step < SEARCH_STEPS_MAX && low < high; step++) {
		__u32 middle = low + (high - low) / 2;
		__u32 found = word_at(table, row, middle);

		if (found >> 1 == domain)
			return found & 1;
		if (found >> 1 < domain)
			low = middle + 1;
		else
			high = middle;
	}
	return head->words & GRANTED_SIGNALS_ANY;
}

/* The event's name says whom it was about. */
static __always_inline int refuse_other(struct label *label, enum request_kind kind,
					__u32 domain, __u32 detail)
{
	struct other_asked asked = { domain, detail };
	bool own = domain == OWN_PROCESSES;

	return is_record_denied(label, kind, &asked, sizeof(asked), own) ? -EPERM : 0;
}

SEC("lsm/task_kill")
int BPF_PROG(on_task_kill, struct task_struct *task, void *info, int signal)
{
	struct label *label = label_of_current();
	__u32 domain;

	if (!label)
		return 0;
	domain = domain_of(task);
	if (domain == label->domain)
		return 0;
	if (!domain && is_own(task))
		domain = OWN_PROCESSES;
	else if (is_signal_granted(label, domain))
		return 0;
	return refuse_other(label, REQUEST_SIGNAL, domain, signal);
}

/*
 * What a descriptor's owner gets. Whoever made Cofferdam's processes its owner may be in a domain;
 * they wait for no such signal.
 */
SEC("lsm/file_send_sigiotask")
int BPF_PROG(on_owner_signal, struct task_struct *task)
{
	return is_own(task) ? -EPERM : 0;
}

/* A tracer writes into code that is not writable. */
static __always_inline int judge_own_tracer(struct label *label)
{
	return may_make_code(label) ? 0 : -EPERM;
}

/* `quiet`: the kernel asks for a part of an answer, which it then leaves out. */
static __always_inline int judge_other(struct task_struct *task, enum process_act act, bool quiet)
{
	struct label *label = label_of_current();
	__u32 domain;

	if (!label)
		return 0;
	domain = domain_of(task);
	if (domain == label->domain)
		return act == ACT_TRACE ? judge_own_tracer(label) : 0;
	if (quiet)
		return is_denied_quietly(label) ? -EPERM : 0;
	return refuse_other(label, REQUEST_PROCESS, domain, act);
}

SEC("lsm/ptrace_access_check")
int BPF_PROG(on_ptrace, struct task_struct *task, unsigned int mode)
{
	return judge_other(task, mode & PTRACE_MODE_ATTACH ? ACT_TRACE : ACT_INSPECT,
			   mode & PTRACE_MODE_NOAUDIT);
}

/* A tracer is in no domain, or in the one of the process. */
SEC("lsm/ptrace_traceme")
int BPF_PROG(on_ptrace_me, struct task_struct *parent)
{
	struct label *label = label_of_current();
	__u32 domain;

	if (!label)
		return 0;
	domain = domain_of(parent);
	if (!domain)
		return 0;
	if (domain == label->domain)
		return judge_own_tracer(label);
	return refuse_other(label, REQUEST_PROCESS, domain, ACT_TRACED);
}

/* A sibling's parent may be outside the domain, and gets a signal of the domain's choice. */
SEC("lsm/task_alloc")
int BPF_PROG(on_sibling, struct task_struct *task, unsigned long flags)
{
	struct label *label = label_of_current();

	if (!label || !(flags & CLONE_PARENT))
		return 0;
	return refuse_other(label, REQUEST_PROCESS, 0, ACT_SIBLING);
}

SEC("lsm/task_setrlimit")
int BPF_PROG(on_task_setrlimit, struct task_struct *task)
{
	return judge_other(task, ACT_LIMIT, false);
}

SEC("lsm/task_setnice")
int BPF_PROG(on_task_setnice, struct task_struct *task)
{
	return judge_other(task, ACT_SCHEDULE, false);
}

SEC("lsm/task_setioprio")
int BPF_PROG(on_task_setioprio, struct task_struct *task)
{
	return judge_other(task, ACT_SCHEDULE, false);
}

SEC("lsm/task_setscheduler")
int BPF_PROG(on_task_setscheduler, struct task_struct *task)
{
	return judge_other(task, ACT_SCHEDULE, false);
}

SEC("lsm/task_movememory")
int BPF_PROG(on_task_movememory, struct task_struct *task)
{
	return judge_other(task, ACT_SCHEDULE, false);
}

/*
 * A descriptor may have the kernel send signals to its owner later, when another process acts. So
 * no other owner than the process itself is taken, unless the policy grants all signals.
 */
static __always_inline int judge_owner(bool is_itself)
{
	struct label *label = label_of_current();
	struct table_head *head;

	if (!label || is_itself)
		return 0;
	head = head_of(table_of(label));
	if (head && !head->signal_count && head->words & GRANTED_SIGNALS_ANY)
		return 0;
	return refuse_other(label, REQUEST_PROCESS, 0, ACT_OWNER);
}

SEC("lsm/file_fcntl")
int BPF_PROG(on_file_fcntl, struct file *file, unsigned int command, unsigned long argument)
{
	__u32 process = bpf_get_current_pid_tgid() >> 32;

	if (command == F_SETOWN)
		return judge_owner((__u32)argument == process || !(__u32)argument);
	/* The owner is in memory that another thread may change. */
	return command == F_SETOWN_EX ? judge_owner(false) : 0;
}

#endif
