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

/* NAME_NONE: the socket is bound to none. */
static __noinline int name_of_socket(struct label *label, struct unix_sock *socket)
{
	struct unix_address *address = BPF_CORE_READ(socket, addr);
	struct dentry *dentry = BPF_CORE_READ(socket, path.dentry);

	if (dentry)
		return name_from_top(label, BPF_CORE_READ(socket, path.mnt), dentry);
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
