/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Descriptors that come from another process: by a message of a unix socket (SCM_RIGHTS), by
 * pidfd_getfd(2), through io_uring, by a seccomp listener. Each is judged as if the process had
 * opened or made it. Pipes and pairs of unix sockets lead to the sender, and are granted.
 */
#ifndef COFFERDAM_LSM_RECEIVED_H
#define COFFERDAM_LSM_RECEIVED_H

#include "files.h"
#include "network.h"
#include "unix.h"

static __always_inline struct internet_address other_end(struct sock *sk, __u16 family)
{
	struct internet_address end = {};

	end.port = BPF_CORE_READ(sk, __sk_common.skc_dport);
	if (family == AF_INET)
		end.address4 = BPF_CORE_READ(sk, __sk_common.skc_daddr);
	else
		BPF_CORE_READ_INTO(&end.address6, sk, __sk_common.skc_v6_daddr);
	return end;
}

/* What serves an address, itself or by a socket that is bound to all of the host's. */
static __always_inline bool may_serve(struct label *label, struct sock *sk,
				      const struct internet_socket *kind, __u32 use, bool dual)
{
	struct internet_address own = own_end(sk, kind->family);
	struct internet_address all = { .port = own.port };

	return is_address_granted(label, &own, use, kind->family, dual) ||
	       (!dual && is_address_granted(label, &all, use, kind->family, 0));
}

/*
 * The kernel does not keep whether a connection was accepted or made, so the policy must grant one
 * of both. Of streams without another end, those that listen are judged. A datagram socket gets
 * what is sent to its port; without a port that a process chose, only answers.
 */
static __always_inline int judge_ends(struct label *label, struct sock *sk,
				      const struct internet_socket *kind)
{
	bool is_stream = kind->protocol == IPPROTO_TCP;
	__u32 serving = is_stream ? LISTEN_TCP : LISTEN_UDP;
	struct internet_address other = other_end(sk, kind->family);

	if (other.port) {
		if (may_serve(label, sk, kind, serving, false))
			return 0;
		return judge_address(label, &other, is_stream ? CONNECT_TCP : CONNECT_UDP,
				     kind->family, 0);
	}
	if (is_stream ? BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_LISTEN :
			!chose_port(sk))
		return 0;
	if (may_serve(label, sk, kind, serving, kind->dual))
		return 0;
	other = own_end(sk, kind->family);
	return judge_address(label, &other, serving, kind->family, kind->dual);
}

static __always_inline int judge_received_socket(struct label *label, struct socket *socket)
{
	struct sock *sk = BPF_CORE_READ(socket, sk);
	struct internet_socket kind;

	/* It has been shut already. */
	if (!sk)
		return 0;
	kind = describe(sk);
	if (kind.family == AF_UNIX)
		return judge_received_unix(label, (struct unix_sock *)sk);
	return has_rules(&kind) ? judge_ends(label, sk, &kind) :
				  judge_family(label, kind.family, kind.type, kind.protocol);
}

SEC("lsm/file_receive")
int BPF_PROG(on_file_receive, struct file *file)
{
	struct label *label = label_of_current();
	unsigned long kind;
	__u32 wanted;

	if (!label || !file)
		return 0;
	kind = file->f_inode->i_sb->s_magic;
	if (kind == SOCKFS_MAGIC)
		return judge_received_socket(label, file->private_data);
	if (kind == ANON_INODE_FS_MAGIC)
		return judge_anonymous(BPF_CORE_READ(file, f_path.dentry, d_name.name));
	wanted = permissions_of(file);
	if (!wanted)
		return 0;
	if (is_message_queue(file->f_inode) && judge_service(SERVICE_MQUEUE, GRANTED_MQUEUE))
		return -EACCES;
	if (is_name_denied(label, name_path(label, &file->f_path), wanted))
		return -EACCES;
	return wanted & MAY_WRITE && is_memory_of_process(file) && !may_make_code(label) ?
		       -EACCES : 0;
}

#endif
