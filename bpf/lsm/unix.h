/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Unix sockets that are connected or sent to, and abstract names that are bound. Names of paths are
 * bound by mknod (entries.h).
 */
#ifndef COFFERDAM_LSM_UNIX_H
#define COFFERDAM_LSM_UNIX_H

#include "answer.h"

/* Of both families and paths: those that begin with NUL are abstract. */
#define FAMILY_BYTES 2
#define CHOSEN_DIGITS 5

/* `path`: what follows the family, `bytes` of it. In a policy `@` stands for the NUL. */
static __always_inline enum name_state name_abstract(struct label *label, const void *path,
						     __u32 bytes)
{
	if (!bytes || bytes > UNIX_PATH_MAX ||
	    bpf_probe_read_kernel(label->name, bytes, path))
		return NAME_TOO_LONG;
	label->name[0] = '@';
	label->event.length = bytes;
	return NAME_FOUND;
}

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
	if (parent == entry || climb->depth >= ENTRIES_ABOVE_MAX)
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

/*
 * The name that the socket has where it was bound, of which the kernel gives no path that a program
 * may ask for. In another mount namespace that counts if its root is the host's, too.
 */
static __always_inline enum name_state name_by_climbing(struct label *label, struct vfsmount *mnt,
							struct dentry *dentry)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct vfsmount *root_mnt = BPF_CORE_READ(task, fs, root.mnt);
	struct climb climb = { .label = label, .entry = dentry };
	struct descent descent = { .label = label, .state = NAME_FOUND };

	label->event.length = 0;
	climb.mount = mount_of(mnt);
	climb.root_mount = mount_of(root_mnt);
	if (!is_hosts_root(BPF_CORE_READ(task, fs, root.dentry)))
		return NAME_ELSEWHERE;
	bpf_loop(ENTRIES_ABOVE_MAX + MOUNTS_ABOVE_MAX, climb_on, &climb, 0);
	if (!climb.arrived || !is_hosts_root(climb.entry))
		return NAME_ELSEWHERE;
	descent.depth = climb.depth;
	bpf_loop(climb.depth, descend, &descent, 0);
	return descent.state;
}

struct bound {
	struct label *label;
	struct vfsmount *mnt;
	struct dentry *dentry;
	__u32 state;
};

static long try_bound(__u32 index, struct bound *bound)
{
	__u32 moves = moves_of_names();
	__u32 state = name_by_climbing(bound->label, bound->mnt, bound->dentry);

	if (moves & 1 || moves != moves_of_names())
		return 0;
	bound->state = state;
	return 1;
}

/*
 * Neither lock is held, so the name counts only if none moved meanwhile. The attempts are no loop
 * of the compiler's, because the verifier would follow each of them.
 */
static __always_inline enum name_state name_bound(struct label *label, struct vfsmount *mnt,
						  struct dentry *dentry)
{
	struct bound bound = { label, mnt, dentry, NAME_ELSEWHERE };

	bpf_loop(WALKS_MAX, try_bound, &bound, 0);
	return bound.state;
}

/* NAME_NONE: the socket is bound to none. */
static __noinline int name_of_socket(struct label *label, struct unix_sock *socket)
{
	struct unix_address *address = BPF_CORE_READ(socket, addr);
	struct dentry *dentry = BPF_CORE_READ(socket, path.dentry);

	if (dentry)
		return name_bound(label, BPF_CORE_READ(socket, path.mnt), dentry);
	if (!address)
		return NAME_NONE;
	return name_abstract(label, &address->name[0].sun_path,
			     BPF_CORE_READ(address, len) - FAMILY_BYTES);
}

/* A peer without a name was made together with the socket (socketpair), or gave it away. */
static __noinline int judge_peer(struct label *label, struct unix_sock *peer)
{
	enum name_state state = name_of_socket(label, peer);

	return state != NAME_NONE && is_name_denied(label, state, MAY_CONNECT) ? -EACCES : 0;
}

/*
 * A connection to a name is judged as if the process had made it. Others are clients' that have no
 * name, and what serves: these have the name at which they were accepted, or wait for clients.
 */
static __noinline int judge_received_unix(struct label *label, struct unix_sock *socket)
{
	struct unix_sock *peer = (struct unix_sock *)BPF_CORE_READ(socket, peer);
	enum name_state state = peer ? name_of_socket(label, peer) : NAME_NONE;
	__u32 wanted = MAY_CONNECT;

	if (state == NAME_NONE) {
		state = name_of_socket(label, socket);
		wanted = MAY_LISTEN;
	}
	return state != NAME_NONE && is_name_denied(label, state, wanted) ? -EACCES : 0;
}

/* An address of the family alone has the kernel choose five digits; these stand for them. */
static __always_inline enum name_state name_chosen(struct label *label)
{
	int at;

	label->name[0] = '@';
	for (at = 1; at <= CHOSEN_DIGITS; at++)
		label->name[at] = '0';
	label->event.length = at;
	return NAME_FOUND;
}

SEC("lsm/socket_bind")
int BPF_PROG(on_unix_bind, struct socket *socket, struct sockaddr *given, int bytes)
{
	struct label *label = label_of_current();
	const char *path = (const char *)given + FAMILY_BYTES;
	enum name_state state;
	char first = 0;

	if (!label || BPF_CORE_READ(socket, sk, __sk_common.skc_family) != AF_UNIX)
		return 0;
	if (bytes > FAMILY_BYTES) {
		bpf_probe_read_kernel(&first, 1, path);
		if (first)
			return 0;
		state = name_abstract(label, path, bytes - FAMILY_BYTES);
	} else {
		state = name_chosen(label);
	}
	return is_name_denied(label, state, MAY_LISTEN) ? -EACCES : 0;
}

SEC("lsm/unix_stream_connect")
int BPF_PROG(on_unix_connect, struct sock *sock, struct sock *other)
{
	struct label *label = label_of_current();

	return label ? judge_peer(label, (struct unix_sock *)other) : 0;
}

SEC("lsm/unix_may_send")
int BPF_PROG(on_unix_send, struct socket *sock, struct socket *other)
{
	struct label *label = label_of_current();

	return label ? judge_peer(label, (struct unix_sock *)BPF_CORE_READ(other, sk)) : 0;
}

#endif
