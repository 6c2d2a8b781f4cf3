/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which domain a program runs in: its caller's, unless a rule says that executing it leads into
 * another.
 */
#ifndef COFFERDAM_LSM_EXECVE_H
#define COFFERDAM_LSM_EXECVE_H

#include "answer.h"
#include "units.h"

static __always_inline bool may_be_entry(struct file *file)
{
	struct component component = {};

	bpf_probe_read_kernel_str(component.name, sizeof(component.name),
				  BPF_CORE_READ(file, f_path.dentry, d_name.name));
	return bpf_map_lookup_elem(&components, &component) != NULL;
}

/* The domain that the file named in `label->name` leads into from `domain`; 0 for none. */
static __always_inline __u32 destination(struct label *label)
{
	struct executable *executable = &label->executable;
	__u32 *into;

	if (label->event.length >= EXECUTABLE_BYTES)
		return 0;
	__builtin_memset(executable, 0, sizeof(*executable));
	executable->domain = label->domain;
	bpf_probe_read_kernel_str(executable->path, EXECUTABLE_BYTES, label->name);
	into = bpf_map_lookup_elem(&executables, executable);
	return into ? *into : 0;
}

/* Takes what the agent wrote for a launcher; nothing for every other task. */
static __always_inline struct arrival take_arrival(struct task_struct *task)
{
	struct arrival *found = bpf_task_storage_get(&arrivals, task, NULL, 0);
	struct arrival arrival = {};

	if (found) {
		found->taken = true;
		arrival = *found;
	}
	return arrival;
}

/*
 * The entry from no domain: of a launcher into the domain that the agent named, else by the file
 * that execve is given (of a script, the script), or else by the unit that the process is in.
 * systemd starts a unit's command through programs of its own, which rules on these files leave
 * outside.
 */
SEC("lsm.s/bprm_creds_for_exec")
int BPF_PROG(on_exec_begins, struct linux_binprm *bprm)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct label *label = bpf_task_storage_get(&labels, task, NULL, 0);
	struct file *file = bprm->file;
	struct arrival arrival;
	__u32 unit;
	__u32 into;

	if (label)
		label->next = 0;
	if (!file || (label && label->domain))
		return 0;
	arrival = take_arrival(task);
	unit = arrival.domain ? 0 : domain_of_unit(task);
	if (!arrival.domain && !unit && !may_be_entry(file))
		return 0;
	if (!label)
		label = bpf_task_storage_get(&labels, task, NULL,
					     BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!label)
		return -ENOMEM;
	label->launched = arrival.launched;
	into = arrival.domain;
	if (!into && name_path(label, &file->f_path) == NAME_FOUND)
		into = destination(label);
	if (!into)
		into = unit;
	label->next = into == STAYS_OUTSIDE ? 0 : into;
	return 0;
}

/*
 * The transition from one domain into another, by the program that will run: of a script, its
 * interpreter. The interpreter opens the script by a name that the caller may exchange meanwhile.
 */
SEC("lsm.s/bprm_creds_from_file")
int BPF_PROG(on_exec_credentials, struct linux_binprm *bprm, struct file *file)
{
	struct label *label = label_of_current();

	if (!label || !file || name_path(label, &file->f_path) != NAME_FOUND)
		return 0;
	label->next = destination(label);
	if (!label->next)
		return 0;
	/*
	 * A tracer, a process that shares the root and the working directory, and whoever set
	 * no_new_privs would have a part in the other domain.
	 */
	if (bprm->unsafe && is_denied(label, REQUEST_TRANSITION, NAME_FOUND, 0, 0)) {
		label->next = 0;
		return -EPERM;
	}
	/* The other domain may grant more: the loader must not trust the environment (AT_SECURE). */
	bpf_bprm_opts_set(bprm, BPF_F_BPRM_SECUREEXEC);
	return 0;
}

/* From here on the program cannot fail to start. */
SEC("lsm.s/bprm_committed_creds")
int BPF_PROG(on_exec_commits, struct linux_binprm *bprm)
{
	struct label *label =
		bpf_task_storage_get(&labels, bpf_get_current_task_btf(), NULL, 0);

	if (label && label->next) {
		label->domain = label->next;
		label->next = 0;
	}
	return 0;
}

#endif
