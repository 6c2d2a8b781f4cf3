/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The domain of each task, and the memory in which its names are put together. That memory is the
 * task's own: on a preemptible kernel a buffer per CPU could be overwritten between the making of a
 * name and its judgement, because the kernel lets programs of this kind interrupt each other.
 */
#ifndef COFFERDAM_LSM_TASK_H
#define COFFERDAM_LSM_TASK_H

#include "kernel.h"
#include "records.h"

/* Bytes of a path that the kernel gives, its NUL included. */
#define PATH_BYTES 4096
/* Bytes of a last component, its NUL included. */
#define LAST_BYTES 256

/* Directories above an entry, up to the root of its mount. */
#define ENTRIES_ABOVE_MAX 128

/* An address and port, as it is judged. */
struct endpoint {
	__u8 use; /* enum endpoint_use */
	__u8 length; /* 4 or 16 */
	__u16 port;
	__u8 address[16];
};

/*
 * Whether a launcher started the domain's process, and what it left with it for good. OWN is of
 * Cofferdam's own processes, in no domain, which the agent marks; no child inherits that.
 */
enum launched { LAUNCHED_NOT, LAUNCHED_BARE, LAUNCHED_FILTERED, LAUNCHED_OWN };

/* The file that open(2) makes, and what its name is granted; see made.h. */
struct made {
	const void *entry; /* NULL: none */
	const void *mount;
	const void *table; /* of the policy */
	__u32 names; /* moves_of() both locks, before the name was made */
	__u32 mounts;
	__u32 granted;
};

/* Of a label, for later versions. The kernel's piece of memory is as large without. */
#define RESERVED_BYTES 2152

/*
 * The size and the first four words are for good: an upgrade leaves this map as it is, so that no
 * task is in no domain meanwhile. The rest is written and read within one hook, but `made`, which
 * counts only by the kernel's addresses in it.
 */
struct label {
	__u32 domain; /* 0: none */
	__u32 launched; /* enum launched; of a process and its descendants */
	__u32 next; /* the domain that the execve under way leads into; 0: it stays */
	__u32 zero; /* to the verifier any number: it follows a loop from here once */
	struct dentry *above[ENTRIES_ABOVE_MAX]; /* an entry, the directory that it is in, and so on */
	struct executable executable;
	struct endpoint endpoint;
	struct made made;
	/* One record: `name` follows `event`. */
	struct event event;
	char name[PATH_BYTES + LAST_BYTES];
	char reserved[RESERVED_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct label);
} labels SEC(".maps");

/*
 * By one look at the task: of most on a host no map has a value. Hooks that every process passes
 * often ask this first, and do the rest in a function of its own, so that until then they need no
 * registers to be saved.
 */
static __always_inline bool is_outside(void)
{
	struct bpf_local_storage *storage = bpf_get_current_task_btf()->bpf_storage;

	/* Else the compiler prepares the answer first, which takes a register more. */
	barrier_var(storage);
	return !storage;
}

/*
 * Of a launcher: the domain that its next execve leads into, whatever it executes. The agent writes
 * it, for a process that is in no domain. No child inherits it, and one execve takes it, also one
 * that fails. During an upgrade the programs of both versions take it in one execve, so the next
 * execve removes it, when its file is opened. Its layout is for good, as a label's size is.
 */
struct arrival {
	__u32 domain;
	__u32 launched;
	__u32 taken;
	__u32 reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct arrival);
} arrivals SEC(".maps");

/* At the begin of an execve: what the one before has taken. */
static __always_inline void forget_taken_arrival(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct arrival *found = bpf_task_storage_get(&arrivals, task, NULL, 0);

	if (found && found->taken)
		bpf_task_storage_delete(&arrivals, task);
}

/* NULL for tasks in no domain, whose way through every program ends here. */
static __always_inline struct label *label_of_current(void)
{
	struct label *label;

	if (is_outside())
		return NULL;
	label = bpf_task_storage_get(&labels, bpf_get_current_task_btf(), NULL, 0);
	return label && label->domain ? label : NULL;
}

/* Threads and children, and the kernel's workers for a task (io_uring). */
SEC("lsm.s/task_alloc")
int BPF_PROG(on_task_alloc, struct task_struct *task)
{
	struct label *label = label_of_current();
	struct label *inherited;

	if (!label)
		return 0;
	inherited = bpf_task_storage_get(&labels, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	/* Never a task outside: the fork fails instead. */
	if (!inherited)
		return -ENOMEM;
	inherited->domain = label->domain;
	inherited->launched = label->launched;
	return 0;
}

#endif
