/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Short names, put together from the kernel's entries without its help, and without its locks: so
 * they count only if nothing moved meanwhile.
 */
#ifndef COFFERDAM_LSM_NEAR_H
#define COFFERDAM_LSM_NEAR_H

#include "task.h"

static __always_inline struct mount *mount_of(struct vfsmount *mnt)
{
	return (void *)mnt - bpf_core_field_offset(struct mount, mnt);
}

/* A member of the object at an address; a fault reads as 0. */
#ifdef BEFORE_6_12
#define READ(object, member) BPF_CORE_READ(object, member)
#else
/* By one instruction. */
#define READ(object, member) \
	(((typeof(object))bpf_rdonly_cast( \
		object, bpf_core_type_id_kernel(typeof(*(object)))))->member)
#endif

/*
 * How often the kernel's lock was taken to move names or mounts; odd while it is held. Names that
 * were read between two equal and even answers were read as they all are at one time.
 */
static __always_inline __u32 moves_of(const void *lock)
{
	return lock ? READ((struct seqcount *)lock, sequence) : 1;
}

static __always_inline __u32 moves_of_names(void)
{
	return moves_of(&rename_lock);
}

/* What was read before is read before what follows, on every processor. */
static __always_inline void keep_order(struct label *label)
{
	__sync_lock_test_and_set(&label->zero, 0);
}

#ifdef BEFORE_6_12

/* Without instructions that read what no type is known of, this would cost more than it saves. */
static __always_inline __u32 copy_short(char *to, struct dentry *entry)
{
	return 0;
}

static __always_inline bool name_near(struct label *label, struct vfsmount *mnt,
				      struct dentry *entry)
{
	return false;
}

#else

/* Longest name that is copied by words. */
#define SHORT_BYTES 32
#define WORD_BYTES sizeof(__u64)

/* Where the kernel keeps a short name, in the entry itself; 0: not known. */
static __always_inline __u32 short_name_offset(void)
{
	struct dentry___renamed *renamed = NULL;
	struct dentry *entry = NULL;

	if (bpf_core_field_exists(entry->d_iname))
		return bpf_core_field_offset(struct dentry, d_iname);
	if (bpf_core_field_exists(renamed->d_shortname))
		return bpf_core_field_offset(struct dentry___renamed, d_shortname);
	return 0;
}

/*
 * Copies the entry's own name, if it is short, and returns its bytes; else 0. It writes whole
 * words: up to SHORT_BYTES must be free at `to`.
 */
static __always_inline __u32 copy_short(char *to, struct dentry *entry)
{
	__u32 offset = short_name_offset();
	struct dentry *read = bpf_rdonly_cast(entry, bpf_core_type_id_kernel(struct dentry));
	const __u64 *name = (void *)read + offset;
	__u32 bytes = read->d_name.len;
	int i;

	if (bytes > SHORT_BYTES)
		return 0;
	/* Else the compiler would compare what the verifier does not take for the same. */
	barrier_var(bytes);
	if (!offset || read->d_name.name != (void *)name)
		return 0;
#pragma unroll
	for (i = 0; i < (int)(SHORT_BYTES / WORD_BYTES); i++) {
		if (i * WORD_BYTES >= bytes)
			break;
		((__u64 *)to)[i] = name[i];
	}
	return bytes;
}

/* Entries between an object and the root, and bytes of its name, that are put together here. */
#define NEAR_ENTRIES 32
#define NEAR_BYTES 1024

/* From an object up to the task's root, whatever mounts are between: their number; 0: not there. */
static __always_inline __u32 entries_to_root(struct label *label, struct vfsmount *mnt,
					     struct dentry *entry)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mount *root_mount = mount_of(task->fs->root.mnt);
	struct dentry *root = task->fs->root.dentry;
	struct mount *mount = mount_of(mnt);
	struct dentry *top = READ(mount, mnt.mnt_root);
	__u32 depth = label->zero;

	while (depth < NEAR_ENTRIES && can_loop) {
		struct dentry *parent;

		if (entry == root && mount == root_mount)
			return depth;
		if (entry == top) {
			struct mount *above = READ(mount, mnt_parent);

			if (above == mount)
				return 0;
			entry = READ(mount, mnt_mountpoint);
			mount = above;
			top = READ(mount, mnt.mnt_root);
			continue;
		}
		parent = READ(entry, d_parent);
		if (parent == entry)
			return 0;
		label->above[depth] = entry;
		depth++;
		entry = parent;
	}
	return 0;
}

/*
 * Puts the name together that the kernel would write, without its help, which costs more than twice
 * as much. False for what is not simple: a long way or name, an object that is not below the task's
 * root, or what moved meanwhile. Neither lock is held, so the name counts only if nothing moved.
 */
static __noinline bool name_near(struct label *label, struct vfsmount *mnt, struct dentry *entry)
{
	__u32 mounts = moves_of(&mount_lock);
	__u32 names = moves_of_names();
	__u32 depth, at = label->zero;

	keep_order(label);
	depth = entries_to_root(label, mnt, entry);
	if (!depth)
		return false;
	while (depth && can_loop) {
		__u32 bytes;

		depth--;
		/* Else the compiler would index by another number than the one that is checked. */
		barrier_var(depth);
		if (depth >= NEAR_ENTRIES || at >= NEAR_BYTES)
			return false;
		label->name[at] = '/';
		at++;
		bytes = copy_short(&label->name[at], label->above[depth]);
		if (!bytes)
			return false;
		at += bytes;
	}
	barrier_var(at);
	if (depth || at > NEAR_BYTES + SHORT_BYTES)
		return false;
	label->name[at] = '\0';
	label->event.length = at;
	keep_order(label);
	return !((mounts | names) & 1) && mounts == moves_of(&mount_lock) &&
	       names == moves_of_names();
}

#endif

#endif
