/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's structures that are read; offsets come from the running kernel's BTF (CO-RE). The
 * values of flags are the kernel's own, which no BTF has.
 */
#ifndef COFFERDAM_LSM_KERNEL_H
#define COFFERDAM_LSM_KERNEL_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

/* A hook's parameters are the kernel's, and BPF_PROG adds the context. */
#pragma clang diagnostic ignored "-Wunused-parameter"

#define EPERM 1
#define ENOMEM 12
#define EACCES 13

/* linux/fs.h */
#define FMODE_READ 0x1
#define FMODE_WRITE 0x2
#define FMODE_BACKING 0x2000000 /* 6.5: the file below a file of overlayfs */
#define OPENED_FOR_EXEC 0x20 /* __FMODE_EXEC, in f_flags */
#define ACCESS_MODE_MASK 3
#define ACCESS_MODE_IOCTL 3 /* open(2): neither reads nor writes, and needs both permissions */
#define SB_NOUSER (1UL << 31)
#define RENAME_EXCHANGE 0x2
#define RENAME_WHITEOUT 0x4
/* linux/stat.h */
#define S_IFMT 0170000
#define S_IFSOCK 0140000
#define S_IFDIR 0040000
/* linux/mman.h */
#define PROT_WRITE 0x2
#define PROT_EXEC 0x4
#define MAP_SHARED 0x1
/* linux/err.h: the highest addresses are error numbers. */
#define ERROR_POINTER ((unsigned long)-4095)

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct dentry;

struct super_block {
	__u32 s_dev;
	struct dentry *s_root;
	unsigned long s_flags;
};

struct inode {
	__u16 i_mode;
	unsigned long i_ino;
};

struct qstr {
	union {
		struct {
			__u32 hash;
			__u32 len;
		};
		__u64 hash_len;
	};
	const unsigned char *name;
};

struct hlist_bl_node {
	struct hlist_bl_node **pprev;
};

struct dentry {
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mnt_namespace;

struct mount {
	struct mount *mnt_parent;
	struct vfsmount mnt;
	struct mnt_namespace *mnt_ns;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	__u32 f_mode;
	__u32 f_flags;
	struct path f_path;
};

struct vm_area_struct;

struct linux_binprm {
	struct file *file;
	__u32 unsafe;
};

struct fs_struct {
	struct path root;
};

struct task_struct {
	unsigned in_execve : 1;
	struct fs_struct *fs;
};

#pragma clang attribute pop

/*
 * 6.12. Writes the name that the path has from the calling task's root, and returns its bytes with
 * the NUL. It must be given no path of a pointer that may be NULL: the kernel would stop.
 */
extern int bpf_path_d_path(const struct path *path, char *name, unsigned long bytes) __ksym;

/* The kernel's lock on the tree of names. Its first word is odd, or has changed, if names moved. */
extern const void rename_lock __ksym __weak;

#endif
