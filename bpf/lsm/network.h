/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Internet sockets: their families, and the addresses that they connect, send, bind and listen to.
 */
#ifndef COFFERDAM_LSM_NETWORK_H
#define COFFERDAM_LSM_NETWORK_H

#include "address.h"
#include "peers.h"

static __always_inline bool chose_port(struct sock *sk)
{
	return BPF_CORE_READ_BITFIELD_PROBED(sk, sk_userlocks) & SOCK_BINDPORT_LOCK;
}

SEC("lsm/socket_bind")
int BPF_PROG(on_socket_bind, struct socket *socket, struct sockaddr *given)
{
	struct label *label = label_of_current();
	struct internet_address address = {};
	struct internet_socket kind;

	if (!label)
		return 0;
	kind = describe(BPF_CORE_READ(socket, sk));
	if (!has_rules(&kind))
		return 0;
	bpf_probe_read_kernel(&address, sizeof(address), given);
	/* A family that is not the socket's is refused by the kernel, or taken for the socket's. */
	return judge_address(label, &address,
			     kind.protocol == IPPROTO_TCP ? LISTEN_TCP : LISTEN_UDP, kind.family,
			     kind.dual);
}

/* As the map of peers has it. Nothing comes from 0.0.0.0, and 127.0.0.1 is reached by it. */
static __always_inline struct peer peer_at(struct sock *sk, const struct internet_address *address,
					   __u32 as)
{
	const __u32 *words = address->address6.in6_u.u6_addr32;
	__u64 cookie = bpf_get_socket_cookie(sk);
	__u16 port = bpf_ntohs(address->port);
	__u32 address4 = words[3];

	if (as == AF_INET)
		address4 = address->address4;
	else if (!is_mapped(&address->address6))
		return peer6(cookie, words, port);
	return peer4(cookie, address4 ? address4 : bpf_htonl(LOOPBACK4), port);
}

/*
 * Whether it goes to where this very socket has received a datagram from, and the policy grants to
 * serve on what the socket is bound to. `::` may lead to either of two addresses, so it is none.
 */
static __always_inline bool is_answer(struct label *label, struct sock *sk,
				      const struct internet_socket *kind,
				      struct internet_address *address, __u32 as)
{
	struct peer peer = peer_at(sk, address, as);
	struct internet_address own;

	if (!has_written(&peer))
		return false;
	own = own_end(sk, kind->family);
	return is_address_granted(label, &own, LISTEN_UDP, kind->family, kind->dual) &&
	       is_address_granted(label, address, ANSWER_UDP, as, 0);
}

/* The family of IPv4 counts on a socket of IPv6 too. */
static __always_inline int judge_destination(struct label *label, struct sock *sk,
					     const struct internet_socket *kind, void *given,
					     bool connects)
{
	struct internet_address address = {};
	__u32 as = kind->family;

	bpf_probe_read_kernel(&address, sizeof(address), given);
	/*
	 * To connect to no family is to disconnect. To send to none is to send to an IPv4 address on
	 * such a socket, and to where it is connected on one of IPv6 (udp_sendmsg, udpv6_sendmsg).
	 */
	if (address.family == AF_UNSPEC && (connects || as == AF_INET6))
		return 0;
	if (address.family == AF_INET)
		as = AF_INET;
	if (sk && kind->protocol == IPPROTO_UDP && is_answer(label, sk, kind, &address, as))
		return 0;
	return judge_address(label, &address,
			     kind->protocol == IPPROTO_TCP ? CONNECT_TCP : CONNECT_UDP, as, 0);
}

SEC("lsm/socket_connect")
int BPF_PROG(on_socket_connect, struct socket *socket, struct sockaddr *given)
{
	struct label *label = label_of_current();
	struct internet_socket kind;
	struct sock *sk;

	if (!label)
		return 0;
	sk = socket->sk;
	if (!sk)
		return 0;
	kind = describe(sk);
	return has_rules(&kind) ? judge_destination(label, sk, &kind, given, true) : 0;
}

struct control_head {
	unsigned long length;
	int level;
	int type;
};

/* Pieces of control data of one message. A sender has few uses for more than ten. */
#define CONTROL_PIECES_MAX 32

/* Control data may carry a source route, so that the datagram first goes elsewhere. */
static __always_inline bool has_route(struct msghdr *message)
{
	void *at = BPF_CORE_READ(message, msg_control);
	unsigned long left = BPF_CORE_READ(message, msg_controllen);
	struct control_head head;
	int piece;

	for (piece = 0; piece < CONTROL_PIECES_MAX; piece++) {
		unsigned long length;

		if (left < sizeof(head))
			return false;
		/* io_uring and old calls leave it in the process's memory, where it could change. */
		if (bpf_probe_read_kernel(&head, sizeof(head), at))
			return true;
		if ((head.level == IPPROTO_IP && head.type == IP_RETOPTS) ||
		    (head.level == IPPROTO_IPV6 &&
		     (head.type == IPV6_RTHDR || head.type == IPV6_2292RTHDR)))
			return true;
		length = (head.length + 7) & ~7UL;
		if (head.length < sizeof(head) || length > left)
			return false;
		at += length;
		left -= length;
	}
	return true;
}

SEC("lsm/socket_sendmsg")
int BPF_PROG(on_socket_sendmsg, struct socket *socket, struct msghdr *message)
{
	struct label *label = label_of_current();
	struct internet_socket kind;
	void *name;

	/* Most send to where they are connected, and nothing beside the data. */
	if (!label || (!message->msg_name && !message->msg_controllen))
		return 0;
	kind = describe(BPF_CORE_READ(socket, sk));
	if (!has_rules(&kind))
		return 0;
	if (kind.protocol == IPPROTO_UDP && has_route(message) &&
	    is_refused(label, REQUEST_ROUTE))
		return -EACCES;
	name = BPF_CORE_READ(message, msg_name);
	/* A stream connects by sending if it is asked to, and else has no use for the name. */
	if (!name || (kind.protocol == IPPROTO_TCP &&
		      !(BPF_CORE_READ(message, msg_flags) & MSG_FASTOPEN)))
		return 0;
	return judge_destination(label, socket->sk, &kind, name, kind.protocol == IPPROTO_TCP);
}

/*
 * A process has taken a datagram. `msg_name` is the kernel's own copy of the sender, if there is
 * one. What comes out of the queue of errors names where this socket has sent to. Not every kernel
 * has the same number of parameters here, before the result.
 */
static __always_inline int received(void *context, struct sock *sk, struct msghdr *message,
				    int flags)
{
	struct label *label = label_of_current();
	struct internet_address address = {};
	struct peer peer;
	__u64 result;
	void *name;

	if (!label || bpf_get_func_ret(context, &result) || (int)result < 0 ||
	    flags & MSG_ERRQUEUE)
		return 0;
	name = message->msg_name;
	if (!name || bpf_probe_read_kernel(&address, sizeof(address), name))
		return 0;
	peer = peer_at(sk, &address, address.family);
	remember(&peer);
	return 0;
}

SEC("fexit/udp_recvmsg")
int BPF_PROG(on_udp_received, struct sock *sk, struct msghdr *message, unsigned long length,
	     int flags)
{
	return received(ctx, sk, message, flags);
}

SEC("fexit/udpv6_recvmsg")
int BPF_PROG(on_udp6_received, struct sock *sk, struct msghdr *message, unsigned long length,
	     int flags)
{
	return received(ctx, sk, message, flags);
}

/* A route that is set for the whole socket, or for a flow label. */
SEC("lsm/socket_setsockopt")
int BPF_PROG(on_socket_setsockopt, struct socket *socket, int level, int option)
{
	struct label *label = label_of_current();

	if (!label)
		return 0;
	if ((level == IPPROTO_IP && option == IP_OPTIONS) ||
	    (level == IPPROTO_IPV6 && (option == IPV6_RTHDR || option == IPV6_2292PKTOPTIONS ||
				       option == IPV6_FLOWLABEL_MGR)))
		return is_refused(label, REQUEST_ROUTE) ? -EACCES : 0;
	return 0;
}

/*
 * A stream that was never bound gets a port of the kernel's choice here, or keeps the one that an
 * earlier connection gave it. The rule for such ports is the one of port 0.
 */
SEC("lsm/socket_listen")
int BPF_PROG(on_socket_listen, struct socket *socket)
{
	struct label *label = label_of_current();
	struct internet_address address;
	struct internet_socket kind;
	struct sock *sk;

	if (!label)
		return 0;
	sk = BPF_CORE_READ(socket, sk);
	kind = describe(sk);
	if (!has_rules(&kind))
		return 0;
	/* Before it is bound, another thread may still turn IPV6_V6ONLY off. */
	kind.dual |= !BPF_CORE_READ(sk, __sk_common.skc_num);
	address = own_end(sk, kind.family);
	if (!chose_port(sk))
		address.port = 0;
	return judge_address(label, &address, LISTEN_TCP, kind.family, kind.dual);
}

/* What a rule without an address grants, or none can. */
static __always_inline bool is_family_granted(struct label *label, __u32 family, __u32 type,
					      __u32 protocol)
{
	struct table_head *head;

	if (family == AF_UNIX)
		return true;
	if (family == AF_INET || family == AF_INET6) {
		if (type == SOCK_STREAM && (!protocol || protocol == IPPROTO_TCP))
			return true;
		if (type == SOCK_DGRAM && (!protocol || protocol == IPPROTO_UDP))
			return true;
	}
	head = head_of(table_of(label));
	if (!head)
		return false;
	switch (family) {
	case AF_INET:
	case AF_INET6:
		if (type == SOCK_RAW)
			return protocol < 256 && head->raw[(protocol / 32) & 7] >> (protocol % 32) & 1;
		if (type != SOCK_DGRAM)
			return false;
		return (protocol == IPPROTO_ICMP && head->words & GRANTED_PING4) ||
		       (protocol == IPPROTO_ICMPV6 && head->words & GRANTED_PING6);
	case AF_NETLINK:
		return protocol < 32 && head->netlink >> protocol & 1;
	case AF_PACKET:
		return head->words & GRANTED_PACKET;
	case AF_VSOCK:
		return head->words & GRANTED_VSOCK;
	default:
		return false;
	}
}

struct socket_asked {
	__u32 family;
	__u32 type;
	__u32 protocol;
};

static __always_inline int judge_family(struct label *label, __u32 family, __u32 type,
					__u32 protocol)
{
	struct socket_asked asked = { family, type, protocol };

	if (is_family_granted(label, family, type, protocol))
		return 0;
	return is_record_denied(label, REQUEST_SOCKET, &asked, sizeof(asked), false) ? -EACCES : 0;
}

SEC("lsm/socket_create")
int BPF_PROG(on_socket_create, int family, int type, int protocol, int kernels)
{
	struct label *label = label_of_current();

	return !label || kernels ? 0 : judge_family(label, family, type, protocol);
}

#endif
