// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * These programs judge a domain's network: every connect, bind and addressed send of a socket that
 * was made in the domain's cgroup, to which they are attached. Each program reads the address that
 * the kernel has already copied, never the process's memory.
 */
#include "address.h"
#include "answer.h"
#include "refusal.h"
#include "refused_address.h"
#include "routed.h"
#include "unix_name.h"

char dual_license[] SEC("license") = "Dual BSD/GPL";

SEC("cgroup/sock_create")
int create(struct bpf_sock *socket)
{
	if (has_rules(socket->type, socket->protocol) || portless_granted(socket->type, socket->protocol))
		return ALLOW;
	return refuse_socket(socket);
}

static __always_inline int destination4(struct bpf_sock_addr *context, __u8 kind)
{
	__u32 protocol = context->protocol;
	__u32 address = context->user_ip4, port = bpf_ntohs(context->user_port);
	struct bpf_sock *socket = context->sk;
	int granted;

	if (has_rules(context->type, protocol))
		granted = destination4_granted(protocol, address, port) ||
			  (protocol == IPPROTO_UDP && socket &&
			   is_answer4(socket, bpf_get_socket_cookie(context), address, port));
	else
		granted = portless_granted(context->type, protocol);
	return granted ? ALLOW : refuse4(context, kind);
}

static __always_inline int destination6(struct bpf_sock_addr *context, __u8 kind)
{
	__u32 address[4] = { context->user_ip6[0], context->user_ip6[1], context->user_ip6[2],
			     context->user_ip6[3] };
	__u32 protocol = context->protocol, port = bpf_ntohs(context->user_port);
	struct bpf_sock *socket = context->sk;
	int granted;

	if (has_rules(context->type, protocol))
		granted = destination6_granted(protocol, address, port) ||
			  (protocol == IPPROTO_UDP && socket &&
			   is_answer6(socket, bpf_get_socket_cookie(context), address, port));
	else
		granted = portless_granted(context->type, protocol);
	return granted ? ALLOW : refuse6(context, address, kind);
}

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *context)
{
	return destination4(context, REFUSED_CONNECT);
}

SEC("cgroup/connect6")
int connect6(struct bpf_sock_addr *context)
{
	return destination6(context, REFUSED_CONNECT);
}

SEC("cgroup/sendmsg4")
int sendmsg4(struct bpf_sock_addr *context)
{
	return destination4(context, REFUSED_SEND);
}

SEC("cgroup/sendmsg6")
int sendmsg6(struct bpf_sock_addr *context)
{
	return destination6(context, REFUSED_SEND);
}

/* Always so. The map shows user space to which anchor a program belongs. */
static __always_inline int is_under_control(void)
{
	__u32 only = 0;

	return bpf_map_lookup_elem(&control, &only) != 0;
}

SEC("cgroup/recvmsg4")
int recvmsg4(struct bpf_sock_addr *context)
{
	struct bpf_sock *socket = context->sk;
	struct peer peer;

	if (!is_under_control() || !configuration.answers || !socket ||
	    context->protocol != IPPROTO_UDP)
		return ALLOW;
	peer = peer4(bpf_get_socket_cookie(context), context->user_ip4,
		     bpf_ntohs(context->user_port));
	if (on_granted_port4(socket))
		remember(&peer);
	return ALLOW;
}

SEC("cgroup/recvmsg6")
int recvmsg6(struct bpf_sock_addr *context)
{
	__u32 address[4] = { context->user_ip6[0], context->user_ip6[1], context->user_ip6[2],
			     context->user_ip6[3] };
	struct bpf_sock *socket = context->sk;
	struct peer peer;

	if (!is_under_control() || !configuration.answers || !socket ||
	    context->protocol != IPPROTO_UDP)
		return ALLOW;
	peer = peer6(bpf_get_socket_cookie(context), address, bpf_ntohs(context->user_port));
	if (is_mapped(address) ? on_granted_port4(socket) : on_granted_port6(socket))
		remember(&peer);
	return ALLOW;
}

SEC("cgroup/bind4")
int bind4(struct bpf_sock_addr *context)
{
	__u32 protocol = context->protocol;
	int granted;

	if (has_rules(context->type, protocol))
		granted = granted4(OPERATION_LISTEN, protocol, context->user_ip4, bpf_ntohs(context->user_port));
	else
		granted = portless_granted(context->type, protocol);
	return granted ? ALLOW : refuse4(context, REFUSED_BIND);
}

static __always_inline int is_dual_stack(struct bpf_sock_addr *context)
{
	struct bpf_sock_addr_kern *kernel = bpf_cast_to_kern_ctx(context);

	return !BPF_CORE_READ_BITFIELD(&kernel->sk->__sk_common, skc_ipv6only);
}

/* A socket on `::` without IPV6_V6ONLY serves every IPv4 address too. */
static __always_inline int listen6_granted(struct bpf_sock_addr *context, const __u32 address[4])
{
	__u32 protocol = context->protocol;
	__u32 port = bpf_ntohs(context->user_port);

	if (!has_rules(context->type, protocol))
		return portless_granted(context->type, protocol);
	if (is_mapped(address))
		return granted4(OPERATION_LISTEN, protocol, address[3], port);
	if (!granted6(OPERATION_LISTEN, protocol, address, port))
		return 0;
	return !is_unspecified(address) || !is_dual_stack(context) ||
	       granted4(OPERATION_LISTEN, protocol, 0, port);
}

SEC("cgroup/bind6")
int bind6(struct bpf_sock_addr *context)
{
	__u32 address[4] = { context->user_ip6[0], context->user_ip6[1], context->user_ip6[2],
			     context->user_ip6[3] };

	return listen6_granted(context, address) ? ALLOW : refuse6(context, address, REFUSED_BIND);
}

SEC("cgroup_skb/egress")
int egress(struct __sk_buff *packet)
{
	struct bpf_sock *socket = udp_socket(packet->sk);

	if (!socket)
		return ALLOW;
	if (packet->protocol == bpf_htons(ETH_P_IP))
		return routed4(packet, socket);
	return packet->protocol == bpf_htons(ETH_P_IPV6) ? routed6(packet, socket) : ALLOW;
}

static __always_inline int unix_destination(struct bpf_sock_addr *context, __u8 kind)
{
	int meaning = unix_name_meaning(context);

	return meaning == NAME_GRANTED ? ALLOW : refuse_unix(context, kind, meaning == NAME_OWN);
}

SEC("cgroup/connect_unix")
int connect_unix(struct bpf_sock_addr *context)
{
	return unix_destination(context, REFUSED_UNIX_CONNECT);
}

SEC("cgroup/sendmsg_unix")
int sendmsg_unix(struct bpf_sock_addr *context)
{
	return unix_destination(context, REFUSED_UNIX_SEND);
}
