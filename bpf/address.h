/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Internet addresses: one longest-prefix lookup and one binary search, however many rules. */
#ifndef COFFERDAM_ADDRESS_H
#define COFFERDAM_ADDRESS_H

#include <bpf/bpf_endian.h>
#include "tables.h"

#define IPPROTO_ICMP 1
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_ICMPV6 58
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_RAW 3

/* At most 32,768 disjoint intervals fit between ports 0 and 65,535: 16 halvings, and one step to
   find the rest empty. */
#define PORT_SEARCH_STEPS_MAX 17

static __noinline int port_granted(struct network_key *key, __u32 port)
{
	struct port_set *set = bpf_map_lookup_elem(&networks, key);
	__u32 low, high, step;

	if (!set)
		return 0;
	low = set->first;
	high = set->first + set->count;
	for (step = 0; step < PORT_SEARCH_STEPS_MAX; step++) {
		__u32 middle = low + (high - low) / 2;
		__u32 *interval;

		if (low >= high)
			return 0;
		interval = bpf_map_lookup_elem(&port_intervals, &middle);
		if (!interval)
			return 0;
		if (port < *interval >> 16)
			high = middle;
		else if (port > (*interval & 0xffff))
			low = middle + 1;
		else
			return 1;
	}
	return 0;
}

static __always_inline int granted4(__u8 operation, __u8 protocol, __u32 address, __u32 port)
{
	struct network_key key = {
		.prefix_length = NETWORK_KEY_HEAD_BITS + 32,
		.operation = operation,
		.protocol = protocol,
		.family = 4,
	};

	__builtin_memcpy(key.address, &address, 4);
	return port_granted(&key, port);
}

static __always_inline int granted6(__u8 operation, __u8 protocol, const __u32 address[4],
				    __u32 port)
{
	struct network_key key = {
		.prefix_length = NETWORK_KEY_HEAD_BITS + 128,
		.operation = operation,
		.protocol = protocol,
		.family = 6,
	};

	__builtin_memcpy(key.address, address, 16);
	return port_granted(&key, port);
}

static __always_inline int raw_granted(__u32 protocol)
{
	return protocol < PROTOCOLS && (configuration.raw_granted[protocol / 8] >> (protocol % 8) & 1);
}

/* For sockets without ports socket() decides; their addresses are not judged. */
static __always_inline int portless_granted(__u32 type, __u32 protocol)
{
	if (type == SOCK_RAW)
		return raw_granted(protocol);
	if (type != SOCK_DGRAM)
		return 0;
	return (protocol == IPPROTO_ICMP && configuration.ping4_granted) ||
	       (protocol == IPPROTO_ICMPV6 && configuration.ping6_granted);
}

static __always_inline int has_rules(__u32 type, __u32 protocol)
{
	return (type == SOCK_STREAM && protocol == IPPROTO_TCP) ||
	       (type == SOCK_DGRAM && protocol == IPPROTO_UDP);
}

/* The kernel sends packets for 0.0.0.0 to 127.0.0.1 (ip_route_output_key_hash_rcu), so the latter
   must be granted. */
static __always_inline int destination4_granted(__u8 protocol, __u32 address, __u32 port)
{
	return granted4(OPERATION_CONNECT, protocol, address ? address : bpf_htonl(0x7f000001), port);
}

static __always_inline int is_mapped(const __u32 address[4])
{
	return address[0] == 0 && address[1] == 0 && address[2] == bpf_htonl(0xffff);
}

static __always_inline int is_unspecified(const __u32 address[4])
{
	return address[0] == 0 && address[1] == 0 && address[2] == 0 && address[3] == 0;
}

/*
 * The kernel sends packets for `::` to ::1, or to 127.0.0.1 if the socket is bound to a mapped
 * address (tcp_v6_connect, __ip6_datagram_connect). Another thread may bind it so after this check,
 * so both must be granted.
 */
static __always_inline int destination6_granted(__u8 protocol, const __u32 address[4], __u32 port)
{
	/* Without volatile clang would put the constant into a section that becomes a map of its own. */
	volatile __u32 one = bpf_htonl(1);
	__u32 loopback[4] = { 0, 0, 0, one };

	if (is_mapped(address))
		return destination4_granted(protocol, address[3], port);
	if (is_unspecified(address))
		return granted6(OPERATION_CONNECT, protocol, loopback, port) &&
		       destination4_granted(protocol, 0, port);
	return granted6(OPERATION_CONNECT, protocol, address, port);
}

#endif
