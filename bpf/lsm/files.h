/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Hooks about the object of a name: opening, executing, cutting, mapping, attributes. */
#ifndef COFFERDAM_LSM_FILES_H
#define COFFERDAM_LSM_FILES_H

#include "made.h"
#include "services.h"

static __always_inline bool may_make_code(struct label *label)
{
	struct table_head *head = head_of(table_of(label));

	return (head && head->words & GRANTED_JIT) || !is_refused(label, REQUEST_MEMORY);
}

/* `/proc/PID/mem`, by which a process writes into code, also its own. */
static __always_inline bool is_memory_of_process(struct file *file)
{
	char name[4] = {};

	if (file->f_inode->i_sb->s_magic != PROC_SUPER_MAGIC)
		return false;
	/* A longer name does not end here. */
	bpf_probe_read_kernel(name, sizeof(name), BPF_CORE_READ(file, f_path.dentry, d_name.name));
	return name[0] == 'm' && name[1] == 'e' && name[2] == 'm' && !name[3];
}

/* A set-id file would give the domain's identity to any process that executes it. */
static __always_inline bool sets_id(__u32 mode)
{
	return mode & ((mode & S_IFMT) == S_IFDIR ? S_ISUID : S_ISUID | S_ISGID);
}

/* What a file that is open lets its holder do; an O_PATH descriptor nothing. */
static __always_inline __u32 permissions_of(struct file *file)
{
	__u32 permissions = 0;

	if (file->f_mode & FMODE_READ)
		permissions |= MAY_READ;
	if (file->f_mode & FMODE_WRITE)
		permissions |= MAY_WRITE;
	if ((file->f_flags & ACCESS_MODE_MASK) == ACCESS_MODE_IOCTL)
		permissions |= MAY_READ | MAY_WRITE;
	return permissions;
}

/*
 * The kernel opens what it executes with a mark of its own: the program, the interpreter of a
 * script, and the program's loader. Each is executed and read.
 */
static __noinline int judge_open(struct file *file)
{
	struct label *label = label_of_current();
	enum name_state state;
	__u32 wanted;

	if (!file || file->f_mode & FMODE_BACKING)
		return 0;
	if (!label) {
		if (file->f_flags & OPENED_FOR_EXEC)
			forget_taken_arrival();
		return 0;
	}
	if (is_message_queue(file->f_inode) &&
	    judge_service(SERVICE_MQUEUE, GRANTED_MQUEUE))
		return -EACCES;
	wanted = permissions_of(file);
	if (file->f_flags & OPENED_FOR_EXEC)
		wanted |= MAY_READ | MAY_EXECUTE;
	if (is_granted_as_made(label, file, wanted))
		return 0;
	state = name_path(label, &file->f_path);
	if (is_name_denied(label, state, wanted))
		return -EACCES;
	if (file->f_flags & OPENED_NAMELESS && sets_id(BPF_CORE_READ(file, f_inode, i_mode)) &&
	    is_denied(label, REQUEST_SET_ID, state, 0, 0))
		return -EPERM;
	if (wanted & MAY_WRITE && is_memory_of_process(file) && !may_make_code(label))
		return -EACCES;
	return 0;
}

SEC("lsm/file_open")
int BPF_PROG(on_file_open, struct file *file)
{
	return is_outside() ? 0 : judge_open(file);
}

/* open(O_RDONLY | O_TRUNC). A file that is open for writing was judged when it was opened. */
SEC("lsm/file_truncate")
int BPF_PROG(on_file_truncate, struct file *file)
{
	struct label *label = label_of_current();

	if (!label || !file || file->f_mode & (FMODE_WRITE | FMODE_BACKING))
		return 0;
	if (is_name_denied(label, name_path(label, &file->f_path), MAY_WRITE))
		return -EACCES;
	return 0;
}

static __always_inline int judge_path(const struct path *path, __u32 wanted)
{
	struct label *label = label_of_current();

	if (label && is_name_denied(label, name_path(label, path), wanted))
		return -EACCES;
	return 0;
}

SEC("lsm/path_truncate")
int BPF_PROG(on_path_truncate, const struct path *path)
{
	return judge_path(path, MAY_WRITE);
}

SEC("lsm/path_chmod")
int BPF_PROG(on_path_chmod, const struct path *path, __u16 mode)
{
	struct label *label = label_of_current();
	enum name_state state;
	__u32 type;

	if (!label)
		return 0;
	state = name_path(label, path);
	if (is_name_denied(label, state, MAY_ATTRIBUTES))
		return -EACCES;
	type = BPF_CORE_READ(path, dentry, d_inode, i_mode) & S_IFMT;
	if (sets_id(type | (mode & ~S_IFMT)) && is_denied(label, REQUEST_SET_ID, state, 0, 0))
		return -EPERM;
	return 0;
}

SEC("lsm/path_chown")
int BPF_PROG(on_path_chown, const struct path *path)
{
	return judge_path(path, MAY_ATTRIBUTES);
}

/*
 * For anonymous memory the kernel passes no file, which the verifier does not know. It could take a
 * check of the pointer itself for superfluous; the argument's bytes say the truth.
 */
static __always_inline bool is_anonymous(void *context)
{
	__u64 file = 0;

	bpf_probe_read_kernel(&file, sizeof(file), context);
	return !file;
}

SEC("lsm/mmap_file")
int BPF_PROG(on_mmap_file, struct file *file, unsigned long asked, unsigned long protection,
	     unsigned long flags)
{
	struct label *label;

	if (!(protection & PROT_EXEC))
		return 0;
	label = label_of_current();
	if (!label)
		return 0;
	if ((protection & PROT_WRITE || flags & MAP_SHARED) && !may_make_code(label))
		return -EACCES;
	if (is_anonymous(ctx) || !file)
		return 0;
	/* The kernel maps what execve has opened, and that was judged. */
	if (BPF_CORE_READ_BITFIELD_PROBED(bpf_get_current_task_btf(), in_execve))
		return 0;
	if (is_name_denied(label, name_path(label, &file->f_path), MAY_MAP))
		return -EACCES;
	return 0;
}

/* Also of memory that is executable already: it could become writable by the same call. */
SEC("lsm/file_mprotect")
int BPF_PROG(on_file_mprotect, struct vm_area_struct *area, unsigned long asked,
	     unsigned long protection)
{
	struct label *label;

	if (!(protection & PROT_EXEC))
		return 0;
	label = label_of_current();
	if (label && !may_make_code(label))
		return -EACCES;
	return 0;
}

#endif
