/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From the kernel's objects to names as a policy writes them: those from the host's root, also for
 * a task with another root. Only what is reached in the task's own mounts has such a name.
 */
#ifndef COFFERDAM_LSM_NAME_H
#define COFFERDAM_LSM_NAME_H

#include "climb.h"

/* What the kernel appends to the last name of an object that was removed. */
#define REMOVED_BYTES 10

/* Holds for objects that were removed, and for those that never had a name (O_TMPFILE). */
static __always_inline bool is_removed(struct dentry *dentry)
{
	return !dentry->d_hash.pprev && dentry->d_parent != dentry;
}

struct ascent {
	struct label *label;
	struct dentry *entry;
	struct dentry *root;
	__u32 depth;
	__u32 bytes; /* of the names, each with its slash */
};

static long ascend(__u32 index, struct ascent *ascent)
{
	struct dentry *entry = ascent->entry;
	struct dentry *parent = READ(entry, d_parent);

	/* Beyond the root of the file system, which is not the mount's: the entry is not below that. */
	if (entry == ascent->root || parent == entry || index >= ENTRIES_ABOVE_MAX)
		return 1;
	ascent->label->above[index] = entry;
	ascent->bytes += 1 + READ(entry, d_name.len);
	ascent->entry = parent;
	ascent->depth = index + 1;
	return 0;
}

/*
 * What is moved out of a bind mount can still be opened from a directory within. The kernel then
 * gives a name without that of the mount.
 */
static __always_inline bool is_below_root(struct label *label, struct vfsmount *mnt,
					  struct dentry *dentry)
{
	struct ascent ascent = {
		.label = label,
		.entry = dentry,
		.root = mnt->mnt_root,
	};

	if (ascent.root == dentry->d_sb->s_root)
		return true;
	bpf_loop(ENTRIES_ABOVE_MAX + 1, ascend, &ascent, 0);
	return ascent.entry == ascent.root;
}

static __always_inline bool has_hosts_root(struct task_struct *task)
{
	struct dentry *root = task->fs->root.dentry;

	return root->d_inode->i_ino == configuration.root_inode &&
	       root->d_sb->s_dev == configuration.root_device;
}

static __noinline enum name_state place_of(struct label *label, struct vfsmount *mnt,
				       struct dentry *dentry)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mount *mount = mount_of(mnt);
	struct mount *root_mount = mount_of(task->fs->root.mnt);
	unsigned long namespace;
	int i;

	if (dentry->d_sb->s_flags & SB_NOUSER)
		return NAME_NONE;
	/* A mount that only the kernel can reach: overlayfs looks into its layers. */
	namespace = (unsigned long)READ(mount, mnt_ns);
	if (namespace >= ERROR_POINTER)
		return NAME_KERNELS;
	/* mq_open(2) has a mount without a namespace; services.h decides about it. */
	if (!namespace && dentry->d_sb->s_magic == MQUEUE_MAGIC)
		return NAME_KERNELS;
	if (!has_hosts_root(task))
		return NAME_ELSEWHERE;
	if (!is_below_root(label, mnt, dentry))
		return NAME_ELSEWHERE;
	for (i = 0; i < MOUNTS_ABOVE_MAX; i++) {
		struct mount *parent;

		if (mount == root_mount)
			return NAME_FOUND;
		parent = READ(mount, mnt_parent);
		if (parent == mount)
			break;
		mount = parent;
	}
	return NAME_ELSEWHERE;
}

#define PROC "/proc/"
#define PROC_BYTES (sizeof(PROC) - 1)
#define SELF "/proc/self"
#define SELF_BYTES (sizeof(SELF) - 1)
/* Digits of a process id, and the slash. */
#define ID_BYTES_MAX 11

/* Bytes of `/proc/N` at the beginning of the name, if N is the calling process; else 0. */
static __always_inline __u32 own_folder_bytes(struct label *label)
{
	__u32 process = bpf_get_current_pid_tgid() >> 32;
	__u32 number = 0;
	int i;

	for (i = 0; i < (int)PROC_BYTES; i++)
		if (label->name[i] != PROC[i])
			return 0;
	for (i = PROC_BYTES; i < (int)PROC_BYTES + ID_BYTES_MAX; i++) {
		char digit = label->name[i];

		if (digit < '0' || digit > '9')
			return number == process && (digit == '/' || !digit) ? i : 0;
		number = number * 10 + (digit - '0');
	}
	return 0;
}

/*
 * What a process has of itself in /proc is named as the link there: `/proc/self/status`. The rest
 * of the name goes through the part of the buffer that no path reaches.
 */
static __always_inline void name_own_folder(struct label *label)
{
	__u32 bytes = own_folder_bytes(label);
	__u32 rest = label->event.length - bytes;
	char *free = &label->name[PATH_BYTES];

	if (!bytes || rest >= LAST_BYTES)
		return;
	bpf_probe_read_kernel(free, LAST_BYTES, &label->name[bytes]);
	__builtin_memcpy(label->name, SELF, SELF_BYTES);
	bpf_probe_read_kernel(&label->name[SELF_BYTES], LAST_BYTES, free);
	label->event.length = SELF_BYTES + rest;
}

/* With another root: where the host has the object, if that is in the task's own mounts. */
static __always_inline enum name_state name_beyond_root(struct label *label,
							const struct path *path)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (has_hosts_root(task) ||
	    READ(mount_of(path->mnt), mnt_ns) != task->nsproxy->mnt_ns)
		return NAME_ELSEWHERE;
	return name_from_top(label, path->mnt, path->dentry);
}

#ifdef BEFORE_6_12

/* Of what has no name, what its entry says: only the event tells it. */
static __always_inline enum name_state name_from_root(struct label *label, const struct path *path,
						      enum name_state state)
{
	if (state == NAME_FOUND)
		return name_from_top(label, path->mnt, path->dentry);
	append(label, 0, path->dentry);
	return state;
}

#else

static __always_inline enum name_state name_from_root(struct label *label, const struct path *path,
						      enum name_state state)
{
	struct dentry *dentry = path->dentry;
	bool removed = is_removed(dentry);
	int bytes = bpf_path_d_path(path, label->name, PATH_BYTES);

	/* Removed meanwhile: whether the kernel appended its word is known only the second time. */
	if (is_removed(dentry) != removed) {
		removed = true;
		bytes = bpf_path_d_path(path, label->name, PATH_BYTES);
	}
	if (bytes < 2 || bytes > PATH_BYTES)
		return NAME_TOO_LONG;
	bytes--;
	if (removed && state == NAME_FOUND && bytes > REMOVED_BYTES) {
		bytes -= REMOVED_BYTES;
		label->name[bytes & (PATH_BYTES - 1)] = '\0';
	}
	label->event.length = bytes;
	return state;
}

#endif

/*
 * A removed object has the name that it had: what is opened again through /proc/self/fd is held by
 * the rules by which it was opened.
 */
static __noinline enum name_state name_by_kernel(struct label *label, const struct path *path)
{
	enum name_state state = place_of(label, path->mnt, path->dentry);

	label->event.length = 0;
	if (state == NAME_KERNELS)
		return state;
	if (state == NAME_ELSEWHERE)
		return name_beyond_root(label, path);
	return name_from_root(label, path, state);
}

/* Puts the path's name into `label->name`. */
static __always_inline enum name_state name_path(struct label *label, const struct path *path)
{
	struct dentry *dentry = path->dentry;
	enum name_state state = NAME_FOUND;

	if (!has_hosts_root(bpf_get_current_task_btf()) ||
	    !name_near(label, path->mnt, dentry))
		state = name_by_kernel(label, path);
	if (label->event.length && dentry->d_sb->s_magic == PROC_SUPER_MAGIC)
		name_own_folder(label);
	return state;
}

/* The root is the one name that ends with a slash. */
static __always_inline __u32 length_without_slash(struct label *label)
{
	return label->event.length == 1 ? 0 : label->event.length;
}

/* The same for an entry of the directory `path`, which the kernel has locked. */
static __always_inline enum name_state name_entry(struct label *label, const struct path *path,
						  struct dentry *entry)
{
	enum name_state state = name_path(label, path);

	return state == NAME_FOUND ? append(label, length_without_slash(label), entry) : state;
}

/* The name of the mount is that of `path` without the part within the mount. */
static __noinline enum name_state name_by_walk(struct label *label, const struct path *path,
					       struct dentry *entry)
{
	struct ascent ascent = { .label = label, .root = BPF_CORE_READ(path, mnt, mnt_root) };
	struct descent descent = { .label = label, .state = NAME_FOUND };
	enum name_state state = name_path(label, path);
	__u32 length = length_without_slash(label);

	if (state != NAME_FOUND)
		return state;
	ascent.entry = path->dentry;
	bpf_loop(ENTRIES_ABOVE_MAX + 1, ascend, &ascent, 0);
	if (ascent.entry != ascent.root || ascent.bytes > length)
		return NAME_ELSEWHERE;
	label->event.length = length - ascent.bytes;
	ascent.entry = entry;
	ascent.bytes = 0;
	ascent.depth = 0;
	bpf_loop(ENTRIES_ABOVE_MAX + 1, ascend, &ascent, 0);
	if (ascent.entry != ascent.root)
		return NAME_ELSEWHERE;
	descent.depth = ascent.depth;
	bpf_loop(ascent.depth, descend, &descent, 0);
	return descent.state;
}

/*
 * The same for an entry of another directory in the mount of `path`, as link(2) has: the kernel
 * gives no path of it. Neither directory's way up is locked, so the name counts only if no name
 * moved meanwhile, wherever on the host.
 */
static __always_inline enum name_state name_in_mount(struct label *label, const struct path *path,
						     struct dentry *entry)
{
	int attempt;

	for (attempt = 0; attempt < WALKS_MAX; attempt++) {
		__u32 moves = moves_of_names();
		enum name_state state = name_by_walk(label, path, entry);

		if (!(moves & 1) && moves == moves_of_names())
			return state;
	}
	return NAME_ELSEWHERE;
}

#endif
