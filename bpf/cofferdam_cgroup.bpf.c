// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The network of one domain: attached to its cgroup, judges every connect, bind and addressed send of sockets made there.
 * Each program reads the address that the kernel has already copied, never the process's memory.
 */
#include "address.h"
#include "unix_name.h"
#include "verdict.h"

char dual_license[] SEC("license") = "Dual BSD/GPL";

SEC("cgroup/sock_create")
int create(struct bpf_sock *socket)
{
	int granted = has_rules(socket->type, socket->protocol) || portless_granted(socket->type, socket->protocol);

	return verdict(granted, DENIED_CREATE);
}

static __always_inline int destination4(struct bpf_sock_addr *context, __u32 counter)
{
	__u32 protocol = context->protocol;
	__u32 port = bpf_ntohs(context->user_port);

	if (!has_rules(context->type, protocol))
		return verdict(portless_granted(context->type, protocol), counter);
	return verdict(destination4_granted(protocol, context->user_ip4, port), counter);
}

static __always_inline int destination6(struct bpf_sock_addr *context, __u32 counter)
{
	__u32 address[4] = { context->user_ip6[0], context->user_ip6[1], context->user_ip6[2], context->user_ip6[3] };
	__u32 protocol = context->protocol;
	__u32 port = bpf_ntohs(context->user_port);

	if (!has_rules(context->type, protocol))
		return verdict(portless_granted(context->type, protocol), counter);
	return verdict(destination6_granted(protocol, address, port), counter);
}

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *context)
{
	return destination4(context, DENIED_CONNECT);
}

SEC("cgroup/connect6")
int connect6(struct bpf_sock_addr *context)
{
	return destination6(context, DENIED_CONNECT);
}

SEC("cgroup/sendmsg4")
int sendmsg4(struct bpf_sock_addr *context)
{
	return destination4(context, DENIED_SEND);
}

SEC("cgroup/sendmsg6")
int sendmsg6(struct bpf_sock_addr *context)
{
	return destination6(context, DENIED_SEND);
}

SEC("cgroup/bind4")
int bind4(struct bpf_sock_addr *context)
{
	__u32 protocol = context->protocol;
	__u32 port = bpf_ntohs(context->user_port);

	if (!has_rules(context->type, protocol))
		return verdict(portless_granted(context->type, protocol), DENIED_BIND);
	return verdict(granted4(OPERATION_LISTEN, protocol, context->user_ip4, port), DENIED_BIND);
}

static __always_inline int is_dual_stack(struct bpf_sock_addr *context)
{
	struct bpf_sock_addr_kern *kernel = bpf_cast_to_kern_ctx(context);

	return !BPF_CORE_READ_BITFIELD(&kernel->sk->__sk_common, skc_ipv6only);
}

SEC("cgroup/bind6")
int bind6(struct bpf_sock_addr *context)
{
	__u32 address[4] = { context->user_ip6[0], context->user_ip6[1], context->user_ip6[2], context->user_ip6[3] };
	__u32 protocol = context->protocol;
	__u32 port = bpf_ntohs(context->user_port);
	int granted;

	if (!has_rules(context->type, protocol))
		return verdict(portless_granted(context->type, protocol), DENIED_BIND);
	if (is_mapped(address))
		return verdict(granted4(OPERATION_LISTEN, protocol, address[3], port), DENIED_BIND);
	granted = granted6(OPERATION_LISTEN, protocol, address, port);
	/* A socket on `::` without IPV6_V6ONLY serves every IPv4 address too. */
	if (granted && is_unspecified(address) && is_dual_stack(context))
		granted = granted4(OPERATION_LISTEN, protocol, 0, port);
	return verdict(granted, DENIED_BIND);
}

SEC("cgroup/connect_unix")
int connect_unix(struct bpf_sock_addr *context)
{
	return verdict(unix_name_granted(context), DENIED_UNIX_CONNECT);
}

SEC("cgroup/sendmsg_unix")
int sendmsg_unix(struct bpf_sock_addr *context)
{
	return verdict(unix_name_granted(context), DENIED_UNIX_SEND);
}
