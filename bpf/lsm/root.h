/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the engine stands on: what names mean, and the engine's own maps, which any bpf(2) could
 * open by number. No policy grants any of these, but chroot, after which names are the host's.
 */
#ifndef COFFERDAM_LSM_ROOT_H
#define COFFERDAM_LSM_ROOT_H

#include "unix.h"

static __always_inline int refuse_new_meaning(void)
{
	struct label *label = label_of_current();

	return label && is_refused(label, REQUEST_ROOT) ? -EPERM : 0;
}

/*
 * Whether names from there would be judged as the host's: of another mount of the host's root
 * directory, and of another subvolume of its file system, which has the same numbers.
 */
static __always_inline bool would_pass_for_root(const struct path *path)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return is_hosts_root(path->dentry) && (path->dentry != task->fs->root.dentry ||
					       path->mnt != task->fs->root.mnt);
}

SEC("lsm/path_chroot")
int BPF_PROG(on_path_chroot, const struct path *path)
{
	struct label *label = label_of_current();
	struct table_head *head = label ? head_of(table_of(label)) : NULL;

	if (head && head->words & GRANTED_CHROOT && !would_pass_for_root(path))
		return 0;
	return refuse_new_meaning();
}

SEC("lsm/sb_mount")
int BPF_PROG(on_sb_mount, const char *device, const struct path *path)
{
	return refuse_new_meaning();
}

SEC("lsm/sb_umount")
int BPF_PROG(on_sb_umount, struct vfsmount *mnt)
{
	return refuse_new_meaning();
}

SEC("lsm/sb_pivotroot")
int BPF_PROG(on_sb_pivotroot, const struct path *old_path)
{
	return refuse_new_meaning();
}

SEC("lsm/sb_remount")
int BPF_PROG(on_sb_remount, struct super_block *sb)
{
	return refuse_new_meaning();
}

SEC("lsm/move_mount")
int BPF_PROG(on_move_mount, const struct path *from)
{
	return refuse_new_meaning();
}

SEC("lsm/bpf")
int BPF_PROG(on_bpf, int command)
{
	struct label *label = label_of_current();

	return label && is_refused(label, REQUEST_BPF) ? -EPERM : 0;
}

#endif
