/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * open(2) of a new file asks twice about one name: path_mknod before it makes the file, file_open
 * before it opens it. The second answer follows from the first if it is the same call, which alone
 * marks the file as created and has held the entry since; if no name and no mount moved meanwhile;
 * and if the policy is the same.
 */
#ifndef COFFERDAM_LSM_MADE_H
#define COFFERDAM_LSM_MADE_H

#include "answer.h"

/* Before the name is made. */
static __always_inline void begin_made(struct label *label)
{
	label->made.entry = NULL;
	label->made.names = moves_of_names();
	label->made.mounts = moves_of(&mount_lock);
	keep_order(label);
}

static __always_inline void remember_made(struct label *label, const struct path *directory,
					  struct dentry *entry, void *table, __u32 granted)
{
	struct made *made = &label->made;

	if ((made->names | made->mounts) & 1)
		return;
	made->mount = directory->mnt;
	made->table = table;
	made->granted = granted;
	made->entry = entry;
}

/* Whether the file is new, and its name was found to grant all that is wanted. Asked once. */
static __always_inline bool is_granted_as_made(struct label *label, struct file *file,
					       __u32 wanted)
{
	struct made *made = &label->made;
	const void *entry = made->entry;

	if (!(file->f_mode & FMODE_CREATED) || entry != file->f_path.dentry)
		return false;
	made->entry = NULL;
	keep_order(label);
	return made->mount == file->f_path.mnt && made->table == table_of(label) &&
	       !(wanted & ~made->granted) && made->names == moves_of_names() &&
	       made->mounts == moves_of(&mount_lock);
}

#endif
