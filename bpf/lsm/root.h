/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the engine stands on: what names mean, and the engine's own maps, which any bpf(2) could
 * open by number. No policy grants any of these.
 */
#ifndef COFFERDAM_LSM_ROOT_H
#define COFFERDAM_LSM_ROOT_H

#include "answer.h"

static __always_inline int refuse_new_meaning(void)
{
	struct label *label = label_of_current();

	return label && is_refused(label, REQUEST_ROOT) ? -EPERM : 0;
}

SEC("lsm/path_chroot")
int BPF_PROG(on_path_chroot, const struct path *path)
{
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
