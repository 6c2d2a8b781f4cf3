/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Hooks about the entries of directories: making, removing, renaming, linking. */
#ifndef COFFERDAM_LSM_ENTRIES_H
#define COFFERDAM_LSM_ENTRIES_H

#include "made.h"

/* Of hooks whose arguments begin with a directory and an entry of it. */
static __noinline int judge_entry(unsigned long long *arguments, __u32 wanted)
{
	const struct path *directory = (void *)arguments[0];
	struct dentry *entry = (void *)arguments[1];
	struct label *label = label_of_current();

	if (label && is_name_denied(label, name_entry(label, directory, entry), wanted))
		return -EACCES;
	return 0;
}

/*
 * open(2) with O_CREAT asks before the kernel has looked whether the file is there, if it did not
 * remember. In /proc nothing can be made, so that what is opened is there.
 */
static __always_inline bool makes_no_files(const struct path *directory)
{
	const struct inode_operations *operations = BPF_CORE_READ(directory, dentry, d_inode, i_op);

	return !BPF_CORE_READ(operations, create) && !BPF_CORE_READ(operations, atomic_open);
}

static __noinline int judge_new_entry(unsigned long long *arguments)
{
	const struct path *directory = (void *)arguments[0];
	struct dentry *entry = (void *)arguments[1];
	__u32 mode = (__u16)arguments[2];
	struct label *label = label_of_current();
	__u32 type = mode & S_IFMT;
	enum name_state state;
	struct found found;
	void *table;

	if (!label || (type == S_IFREG && makes_no_files(directory)))
		return 0;
	begin_made(label);
	state = name_entry(label, directory, entry);
	table = table_of(label);
	found = found_of(label, table, state);
	if (lacks(label, state, found, type == S_IFSOCK ? MAY_LISTEN : MAY_CREATE))
		return -EACCES;
	if (sets_id(mode) && is_denied(label, REQUEST_SET_ID, state, 0, 0))
		return -EPERM;
	/* It would lead past the names of /dev to whatever its number says. */
	if ((type == S_IFCHR || type == S_IFBLK) &&
	    is_denied(label, REQUEST_DEVICE, state, 0, 0))
		return -EPERM;
	if (type == S_IFREG && state == NAME_FOUND)
		remember_made(label, directory, entry, table, found.granted);
	return 0;
}

/* Also every open(O_CREAT) of a new name, and bind(2) of a unix socket. */
SEC("lsm/path_mknod")
int BPF_PROG(on_path_mknod, const struct path *directory, struct dentry *entry, __u16 mode)
{
	return is_outside() ? 0 : judge_new_entry(ctx);
}

SEC("lsm/path_mkdir")
int BPF_PROG(on_path_mkdir, const struct path *directory, struct dentry *entry)
{
	return is_outside() ? 0 : judge_entry(ctx, MAY_CREATE);
}

SEC("lsm/path_symlink")
int BPF_PROG(on_path_symlink, const struct path *directory, struct dentry *entry)
{
	return is_outside() ? 0 : judge_entry(ctx, MAY_CREATE);
}

SEC("lsm/path_unlink")
int BPF_PROG(on_path_unlink, const struct path *directory, struct dentry *entry)
{
	return is_outside() ? 0 : judge_entry(ctx, MAY_DELETE);
}

SEC("lsm/path_rmdir")
int BPF_PROG(on_path_rmdir, const struct path *directory, struct dentry *entry)
{
	return is_outside() ? 0 : judge_entry(ctx, MAY_DELETE);
}

/* Create, delete and listen concern a name and not its object (src/model/gain.ts). */
#define OF_THE_OBJECT (0xffff & ~(MAY_CREATE | MAY_DELETE | MAY_LISTEN))

/*
 * What an object gains by a new name. A directory renames everything below. Where the names below
 * it differ in what they are granted, the most that one of the new names has is compared with the
 * least that one of the old ones has: never less than what decide() finds, sometimes more.
 */
static __always_inline __u32 gained(void *table, struct found from, struct found to,
				    bool is_directory)
{
	__u32 gain = to.granted & ~from.granted & OF_THE_OBJECT;
	struct below before;
	struct below after;

	if (!is_directory)
		return gain;
	before = look_below(table, from.state);
	after = look_below(table, to.state);
	gain |= MAY_CREATE & ~after.every;
	gain |= MAY_DELETE & ~before.every;
	if (before.state != after.state)
		gain |= after.some & ~before.every;
	return gain;
}

static __always_inline bool is_directory(struct dentry *entry)
{
	return (BPF_CORE_READ(entry, d_inode, i_mode) & S_IFMT) == S_IFDIR;
}

/* `label->name` is what the object would be called; the event names it. */
static __always_inline bool is_gain_denied(struct label *label, __u32 gain)
{
	return gain && is_denied(label, REQUEST_GAIN, NAME_FOUND, gain, 0);
}

SEC("lsm/path_rename")
int BPF_PROG(on_path_rename, const struct path *old_directory, struct dentry *old_entry,
	     const struct path *new_directory, struct dentry *new_entry, unsigned int flags)
{
	struct label *label = label_of_current();
	bool exchanges = flags & RENAME_EXCHANGE;
	enum name_state state;
	struct found from;
	struct found to;
	void *table;

	if (!label)
		return 0;
	table = table_of(label);
	state = name_entry(label, old_directory, old_entry);
	from = judge_found(label, table, state);
	if (lacks(label, state, from,
		  exchanges || flags & RENAME_WHITEOUT ? MAY_CREATE | MAY_DELETE : MAY_DELETE))
		return -EACCES;
	state = name_entry(label, new_directory, new_entry);
	to = judge_found(label, table, state);
	if (lacks(label, state, to,
		  BPF_CORE_READ(new_entry, d_inode) ? MAY_CREATE | MAY_DELETE : MAY_CREATE))
		return -EACCES;
	/* Without a policy nothing is granted to either name, so nothing is gained. */
	if (!table)
		return 0;
	if (flags & RENAME_WHITEOUT && is_denied(label, REQUEST_DEVICE, state, 0, 0))
		return -EPERM;
	if (is_gain_denied(label, gained(table, from, to, is_directory(old_entry))))
		return -EACCES;
	if (exchanges &&
	    is_gain_denied(label, gained(table, to, from, is_directory(new_entry))))
		return -EACCES;
	return 0;
}

SEC("lsm/path_link")
int BPF_PROG(on_path_link, struct dentry *old_entry, const struct path *directory,
	     struct dentry *new_entry)
{
	struct label *label = label_of_current();
	enum name_state state;
	struct found from;
	struct found to;
	void *table;
	__u32 own;

	if (!label)
		return 0;
	table = table_of(label);
	state = name_in_mount(label, directory, old_entry);
	/* Without a name it was granted nothing, so that whatever the new name has is gained. */
	from = judge_found(label, table, state);
	state = name_entry(label, directory, new_entry);
	to = judge_found(label, table, state);
	if (lacks(label, state, to, MAY_CREATE))
		return -EACCES;
	/* By another name no rule would tell it from other objects. */
	own = from.own & OF_THE_OBJECT;
	if (own && is_denied(label, REQUEST_GAIN, NAME_FOUND, own, own))
		return -EACCES;
	if (table && is_gain_denied(label, gained(table, from, to, false)))
		return -EACCES;
	return 0;
}

#endif
