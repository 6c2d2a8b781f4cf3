/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The host's name of an object, by climbing from its entry to the top of the mounts, for what the
 * calling task's root is no measure of: sockets that others bound, and after chroot(2) everything.
 */
#ifndef COFFERDAM_LSM_CLIMB_H
#define COFFERDAM_LSM_CLIMB_H

#include "near.h"

/* Mounts above an object, up to the root's. */
#define MOUNTS_ABOVE_MAX 32
/* Attempts to read a name while other names move. */
#define WALKS_MAX 8
/* Appends `/` and the entry's own name to the name of `at` bytes. */
static __noinline enum name_state append(struct label *label, __u32 at, struct dentry *entry)
{
	long bytes;

	/* Some file systems have longer ones than a path may have; cut, it would be another name. */
	if (at >= PATH_BYTES - 1 || READ(entry, d_name.len) >= LAST_BYTES)
		return NAME_TOO_LONG;
	label->name[at & (PATH_BYTES - 1)] = '/';
	at++;
	bytes = copy_short(&label->name[at & (PATH_BYTES - 1)], entry);
	if (bytes) {
		if (at + bytes >= PATH_BYTES)
			return NAME_TOO_LONG;
		label->event.length = at + bytes;
		label->name[(at + bytes) & (PATH_BYTES - 1)] = '\0';
		return NAME_FOUND;
	}
	bytes = bpf_probe_read_kernel_str(&label->name[at & (PATH_BYTES - 1)], LAST_BYTES,
					  READ(entry, d_name.name));
	if (bytes < 2 || at + bytes > PATH_BYTES)
		return NAME_TOO_LONG;
	label->event.length = at + bytes - 1;
	return NAME_FOUND;
}

struct descent {
	struct label *label;
	__u32 depth;
	__u32 state;
};

static long descend(__u32 index, struct descent *descent)
{
	__u32 at = descent->depth - 1 - index;
	struct dentry *entry;

	if (at >= ENTRIES_ABOVE_MAX)
		return 1;
	entry = descent->label->above[at];
	descent->state = append(descent->label, descent->label->event.length, entry);
	return descent->state != NAME_FOUND;
}

/* Entries above an object. The rest of `label->above` has the mount and the entry of the begin. */
#define CLIMBED_MAX (ENTRIES_ABOVE_MAX - 2)

/* Without a struct descent within: the verifier of 6.12 would follow a million instructions. */
struct climb {
	struct label *label;
	struct dentry *entry;
	struct mount *mount;
	struct mount *root_mount;
	__u32 depth;
	__u32 arrived;
};

/*
 * Whether the mount covers the root of the kernel's first file system, above which there is none.
 * Since 7.0 that one covers an empty one.
 */
static __always_inline bool covers_first(struct mount *above, struct dentry *point)
{
	struct mount *below = BPF_CORE_READ(above, mnt_parent);

	if (point != BPF_CORE_READ(above, mnt.mnt_root))
		return false;
	return below == above ||
	       (BPF_CORE_READ(below, mnt_parent) == below &&
		BPF_CORE_READ(above, mnt_mountpoint) == BPF_CORE_READ(below, mnt.mnt_root));
}

/* From an entry to the one above, across the mounts. */
static long climb_on(__u32 index, struct climb *climb)
{
	struct mount *mount = climb->mount;
	struct dentry *entry = climb->entry;
	struct dentry *root = BPF_CORE_READ(mount, mnt.mnt_root);
	struct dentry *parent;

	if (entry == root) {
		struct mount *above = BPF_CORE_READ(mount, mnt_parent);
		struct dentry *point = BPF_CORE_READ(mount, mnt_mountpoint);

		if (mount == climb->root_mount || above == mount || covers_first(above, point)) {
			climb->arrived = 1;
			return 1;
		}
		climb->entry = point;
		climb->mount = above;
		return 0;
	}
	parent = BPF_CORE_READ(entry, d_parent);
	if (parent == entry || climb->depth >= CLIMBED_MAX)
		return 1;
	climb->label->above[climb->depth & (ENTRIES_ABOVE_MAX - 1)] = entry;
	climb->depth++;
	climb->entry = parent;
	return 0;
}

static __always_inline bool is_hosts_root(struct dentry *root)
{
	return BPF_CORE_READ(root, d_inode, i_ino) == configuration.root_inode &&
	       BPF_CORE_READ(root, d_sb, s_dev) == configuration.root_device;
}

/* Where the host's names begin for a task; NULL: at the top of its mounts. */
static __always_inline struct mount *first_mount(struct task_struct *task)
{
	if (!is_hosts_root(BPF_CORE_READ(task, fs, root.dentry)))
		return NULL;
	return mount_of(BPF_CORE_READ(task, fs, root.mnt));
}

/* Of the name that `descend` makes. The root itself is the one that no entry is appended to. */
static __always_inline void begin_descent(struct label *label, __u32 depth)
{
	label->name[0] = '/';
	label->event.length = depth ? 0 : 1;
}

static __always_inline enum name_state name_by_climbing(struct label *label, struct vfsmount *mnt,
							struct dentry *dentry)
{
	struct climb climb = {
		.label = label,
		.entry = dentry,
		.mount = mount_of(mnt),
		.root_mount = first_mount(bpf_get_current_task_btf()),
	};
	struct descent descent = { .label = label, .state = NAME_FOUND };

	bpf_loop(ENTRIES_ABOVE_MAX + MOUNTS_ABOVE_MAX, climb_on, &climb, 0);
	label->event.length = 0;
	if (!climb.arrived || !is_hosts_root(climb.entry))
		return NAME_ELSEWHERE;
	begin_descent(label, climb.depth);
	descent.depth = climb.depth;
	bpf_loop(climb.depth, descend, &descent, 0);
	return descent.state;
}

struct attempt {
	struct label *label;
	__u32 state;
};

static long try_climbing(__u32 index, struct attempt *attempt)
{
	struct label *label = attempt->label;
	__u32 mounts = moves_of(&mount_lock);
	__u32 names = moves_of_names();
	__u32 state = name_by_climbing(label, (void *)label->above[CLIMBED_MAX],
				       label->above[CLIMBED_MAX + 1]);

	if ((mounts | names) & 1 || mounts != moves_of(&mount_lock) || names != moves_of_names())
		return 0;
	attempt->state = state;
	return 1;
}

/*
 * No lock is held, so the name counts only if nothing moved meanwhile. The attempts are no loop of
 * the compiler's, because the verifier would follow each of them.
 */
static __noinline enum name_state name_from_top(struct label *label, struct vfsmount *mnt,
						struct dentry *dentry)
{
	struct attempt attempt = { .label = label, .state = NAME_ELSEWHERE };

	label->above[CLIMBED_MAX] = (void *)mnt;
	label->above[CLIMBED_MAX + 1] = dentry;
	bpf_loop(WALKS_MAX, try_climbing, &attempt, 0);
	return attempt.state;
}

#endif
