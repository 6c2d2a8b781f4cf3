/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Times, extended attributes, access control lists and inode flags; requests to devices. For the
 * first three the kernel tells no path, only the entry: its name is looked for in each mount of the
 * caller's namespace.
 */
#ifndef COFFERDAM_LSM_ATTRIBUTES_H
#define COFFERDAM_LSM_ATTRIBUTES_H

#include "processes.h"
#include "services.h"
#include "unix.h"

/* Mounts of one file system, of all namespaces. */
#define MOUNTS_OF_ONE_MAX 512
/* Steps of one search: over these mounts, and up and down between entries. */
#define SEARCH_MAX (MOUNTS_OF_ONE_MAX + 8 * ENTRIES_ABOVE_MAX)

enum search_state { SEARCH_MOUNT, SEARCH_UP, SEARCH_DOWN, SEARCH_JUDGED };

/*
 * One loop of small steps, and not a loop for each of them in the other: the verifier follows loops
 * within loops so often that the programs would take minutes to load.
 */
struct search {
	struct climb climb;
	struct dentry *dentry;
	struct mnt_namespace *namespace;
	void *head; /* as mounts_head() has it */
	void *first;
	void *at;
	void *table;
	__u32 moves;
	__u32 state;
	__u32 own; /* denied at every level */
	__u32 named; /* some name was found, and not granted */
};

/*
 * The mounts of a file system are a list whose elements are within the mounts; since 6.18, a chain
 * of the mounts themselves, which NULL ends.
 */
static __always_inline bool are_chained(void)
{
	struct mount___chained *chained = NULL;

	return bpf_core_field_exists(chained->mnt_next_for_sb);
}

/* What follows the last element. */
static __always_inline void *mounts_head(struct super_block *sb)
{
	if (are_chained())
		return NULL;
	return (void *)sb + bpf_core_field_offset(struct super_block, s_mounts);
}

static __always_inline void *first_element(struct super_block *sb)
{
	struct super_block___chained *chained = (void *)sb;

	if (are_chained())
		return BPF_CORE_READ(chained, s_mounts);
	return BPF_CORE_READ(sb, s_mounts.next);
}

static __always_inline void *next_element(void *element)
{
	struct mount___chained *chained = element;
	struct list_head *listed = element;

	if (are_chained())
		return BPF_CORE_READ(chained, mnt_next_for_sb);
	return BPF_CORE_READ(listed, next);
}

static __always_inline struct mount *mount_at(void *element)
{
	if (are_chained())
		return element;
	return element - bpf_core_field_offset(struct mount, mnt_instance);
}

static __always_inline long search_next_mount(struct search *search)
{
	struct mount *mount = mount_at(search->at);

	if (search->at == search->head)
		return 1;
	search->at = next_element(search->at);
	if (BPF_CORE_READ(mount, mnt_ns) != search->namespace)
		return 0;
	search->climb.mount = mount;
	search->climb.entry = search->dentry;
	search->climb.depth = 0;
	search->climb.arrived = 0;
	search->state = SEARCH_UP;
	return 0;
}

static long search_step(__u32 index, struct search *search)
{
	struct label *label = search->climb.label;
	struct found found;
	__u32 at;

	switch (search->state) {
	case SEARCH_MOUNT:
		return search_next_mount(search);
	case SEARCH_UP:
		if (!climb_on(0, &search->climb))
			return 0;
		search->state = SEARCH_MOUNT;
		if (search->climb.arrived && is_hosts_root(search->climb.entry)) {
			begin_descent(label, search->climb.depth);
			search->state = SEARCH_DOWN;
		}
		return 0;
	case SEARCH_DOWN:
		at = search->climb.depth - 1;
		if (at < ENTRIES_ABOVE_MAX) {
			search->climb.depth = at;
			if (append(label, label->event.length, label->above[at]) != NAME_FOUND)
				search->state = SEARCH_MOUNT;
			return 0;
		}
		search->named = 1;
		found = judge_found(label, search->table, NAME_FOUND);
		search->own |= found.own;
		search->state = SEARCH_MOUNT;
		if (!(found.granted & MAY_ATTRIBUTES))
			return 0;
		/* A name that moved meanwhile may have been read half: all are read again. */
		if (search->moves & 1 || search->moves != moves_of_names()) {
			search->moves = moves_of_names();
			search->at = search->first;
			return 0;
		}
		search->state = SEARCH_JUDGED;
		return 1;
	default:
		return 1;
	}
}

/*
 * One object may have several names by mounts. What one of them grants is granted: the domain,
 * which makes no mounts, reaches it by that one too. The event tells the last one.
 */
static __noinline int judge_attributes(struct label *label, struct dentry *dentry)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct super_block *sb = BPF_CORE_READ(dentry, d_sb);
	struct search search = { .climb = { .label = label }, .dentry = dentry };

	if (BPF_CORE_READ(sb, s_flags) & SB_NOUSER)
		return 0;
	search.climb.root_mount = first_mount(task);
	search.head = mounts_head(sb);
	search.first = first_element(sb);
	search.at = search.first;
	search.moves = moves_of_names();
	search.namespace = BPF_CORE_READ(task, nsproxy, mnt_ns);
	search.table = table_of(label);
	label->event.length = 0;
	bpf_loop(SEARCH_MAX, search_step, &search, 0);
	if (search.state == SEARCH_JUDGED)
		return 0;
	/* overlayfs changes what is below it with credentials of its own. */
	if (!search.named && BPF_CORE_READ(task, cred) != BPF_CORE_READ(task, real_cred))
		return 0;
	return is_denied(label, REQUEST_NAME, search.named ? NAME_FOUND : NAME_ELSEWHERE,
			 MAY_ATTRIBUTES, search.own & MAY_ATTRIBUTES) ? -EACCES : 0;
}

/* Mode, owner and size are decided by their own hooks, and the kernel changes times with them. */
SEC("lsm/inode_setattr")
#ifdef BEFORE_6_12
int BPF_PROG(on_set_times, struct dentry *dentry, struct iattr *attributes)
#else
int BPF_PROG(on_set_times, void *idmap, struct dentry *dentry, struct iattr *attributes)
#endif
{
	struct label *label = label_of_current();
	__u32 valid;

	if (!label)
		return 0;
	valid = BPF_CORE_READ(attributes, ia_valid);
	if (!(valid & (ATTR_ATIME | ATTR_MTIME)) ||
	    valid & (ATTR_MODE | ATTR_UID | ATTR_GID | ATTR_SIZE | ATTR_FORCE))
		return 0;
	return judge_attributes(label, dentry);
}

#define ATTRIBUTE_HOOK(hook) \
	SEC("lsm/" #hook) \
	int BPF_PROG(on_##hook, void *idmap, struct dentry *dentry) \
	{ \
		struct label *label = label_of_current(); \
\
		return label ? judge_attributes(label, dentry) : 0; \
	}

ATTRIBUTE_HOOK(inode_setxattr)
ATTRIBUTE_HOOK(inode_removexattr)
ATTRIBUTE_HOOK(inode_set_acl)
ATTRIBUTE_HOOK(inode_remove_acl)

/* 6.17. file_setattr(2); ioctl(2) has been judged by name before. */
SEC("lsm/inode_file_setattr")
int BPF_PROG(on_inode_file_setattr, struct dentry *dentry)
{
	struct label *label = label_of_current();

	return label ? judge_attributes(label, dentry) : 0;
}

/* About the descriptor, and answered before a device is asked. */
static __always_inline bool is_about_descriptor(__u32 request)
{
	return request == FIOCLEX || request == FIONCLEX || request == FIONBIO ||
	       request == FIOASYNC || request == FIGETBSZ;
}

static __always_inline bool sets_inode(__u32 request)
{
	return request == FS_IOC_SETFLAGS || request == FS_IOC32_SETFLAGS ||
	       request == FS_IOC_FSSETXATTR || request == FS_IOC_SETVERSION ||
	       request == FS_IOC32_SETVERSION || request == EXT4_IOC_SETVERSION ||
	       request == EXT4_IOC32_SETVERSION || request == EXT4_IOC_CLEAR_ES_CACHE;
}

static __always_inline int judge_request(struct file *file, __u32 request)
{
	struct label *label = label_of_current();
	__u32 kind, wanted;

	if (!label || !file)
		return 0;
	if (request == FIOSETOWN || request == SIOCSPGRP)
		return judge_owner(false);
	if (request == TIOCSTI || request == TIOCLINUX)
		return judge_service(SERVICE_TERMINAL, 0);
	kind = file->f_inode->i_mode & S_IFMT;
	if (kind == S_IFCHR && file->f_inode->i_rdev == NULL_DEVICE)
		return 0;
	if (kind == S_IFCHR || kind == S_IFBLK)
		wanted = is_about_descriptor(request) ? 0 : MAY_IOCTL;
	else
		wanted = sets_inode(request) ? MAY_ATTRIBUTES : 0;
	if (wanted && is_name_denied(label, name_path(label, &file->f_path), wanted))
		return -EACCES;
	return 0;
}

SEC("lsm/file_ioctl")
int BPF_PROG(on_file_ioctl, struct file *file, unsigned int request)
{
	return judge_request(file, request);
}

SEC("lsm/file_ioctl_compat")
int BPF_PROG(on_file_ioctl_compat, struct file *file, unsigned int request)
{
	return judge_request(file, request);
}

#endif
