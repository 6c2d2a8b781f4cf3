/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Descriptors that come from another process: by a message of a unix socket (SCM_RIGHTS), by
 * pidfd_getfd(2), through io_uring, by a seccomp listener. Each is judged as if the process had
 * opened or made it. Pipes and unix sockets lead to whoever sent them, and are granted.
 */
#ifndef COFFERDAM_LSM_RECEIVED_H
#define COFFERDAM_LSM_RECEIVED_H

#include "files.h"
#include "network.h"

/* An end of a connection, or what the socket is bound to. */
static __always_inline struct internet_address own_end(struct sock *sk, __u16 family)
{
	struct internet_address end = {};

	end.port = bpf_htons(BPF_CORE_READ(sk, __sk_common.skc_num));
	if (family == AF_INET)
		end.address4 = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
	else
		BPF_CORE_READ_INTO(&end.address6, sk, __sk_common.skc_v6_rcv_saddr);
	return end;
}

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

static __noinline bool is_end_granted(struct label *label, struct internet_address *end,
				      __u32 use, __u32 family, __u32 dual)
{
	__u16 port;

	if (!label || !end)
		return false;
	port = bpf_ntohs(end->port);
	if (family == AF_INET)
		return is_granted4(label, use, end->address4, port);
	return is_granted6(label, use, &end->address6, port, dual);
}

/* What serves an address, itself or by a socket that is bound to all of the host's. */
static __always_inline bool may_serve(struct label *label, struct sock *sk,
				      const struct internet_socket *kind, __u32 use, bool dual)
{
	struct internet_address own = own_end(sk, kind->family);
	struct internet_address all = { .port = own.port };

	return is_end_granted(label, &own, use, kind->family, dual) ||
	       (!dual && is_end_granted(label, &all, use, kind->family, 0));
}

/*
 * Whether a connection was accepted or made, nobody knows any more: the policy must grant one of
 * both. A stream that has no other end may only be served if it listens. A datagram socket gets
 * what is sent to its port; without a port of the process's choice, only answers.
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
			!(BPF_CORE_READ_BITFIELD_PROBED(sk, sk_userlocks) & SOCK_BINDPORT_LOCK))
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
