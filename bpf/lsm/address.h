/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whether a policy grants an internet address and port. Every address is the kernel's own copy,
 * which no thread of the process can change.
 */
#ifndef COFFERDAM_LSM_ADDRESS_H
#define COFFERDAM_LSM_ADDRESS_H

#include <bpf/bpf_endian.h>
#include "answer.h"

#define NETWORK_DEAD 0
#define NETWORK_GRANTED 1
/* Of an address and a port. */
#define NIBBLES_MAX 36
#define PORT_NIBBLES 4

#define LOOPBACK4 0x7f000001

struct network_walk {
	void *table;
	struct endpoint *endpoint;
	__u32 row;
	__u32 state;
	__u32 address_nibbles;
};

static long network_step(__u32 at, struct network_walk *walk)
{
	struct endpoint *endpoint = walk->endpoint;
	__u32 nibble;

	if (at >= walk->address_nibbles)
		nibble = endpoint->port >> (12 - 4 * ((at - walk->address_nibbles) & 3));
	else
		nibble = endpoint->address[(at / 2) & 15] >> (at & 1 ? 0 : 4);
	walk->state = word_at(walk->table, walk->row, walk->state * 16 + (nibble & 15));
	return walk->state == NETWORK_DEAD;
}

/* Whether the policy grants `label->endpoint`. */
static __noinline bool is_endpoint_granted(struct label *label)
{
	struct network_walk walk = {
		.table = table_of(label),
		.endpoint = &label->endpoint,
		.address_nibbles = label->endpoint.length == 4 ? 8 : 32,
	};
	struct table_head *head = head_of(walk.table);
	__u32 start = 2 * label->endpoint.use + (label->endpoint.length == 16);

	if (!head || start >= 2 * ENDPOINT_USES)
		return false;
	walk.row = head->network_row;
	walk.state = head->network_starts[start];
	if (walk.state != NETWORK_DEAD)
		bpf_loop(walk.address_nibbles + PORT_NIBBLES, network_step, &walk, 0);
	return walk.state == NETWORK_GRANTED;
}

static __always_inline void set_endpoint4(struct label *label, __u32 use, __u32 address,
					  __u16 port)
{
	struct endpoint *endpoint = &label->endpoint;

	__builtin_memset(endpoint, 0, sizeof(*endpoint));
	endpoint->use = use;
	endpoint->length = 4;
	endpoint->port = port;
	__builtin_memcpy(endpoint->address, &address, 4);
}

static __always_inline void set_endpoint6(struct label *label, __u32 use,
					  const struct in6_addr *address, __u16 port)
{
	struct endpoint *endpoint = &label->endpoint;

	endpoint->use = use;
	endpoint->length = 16;
	endpoint->port = port;
	__builtin_memcpy(endpoint->address, address, 16);
}

static __always_inline bool is_destination(__u32 use)
{
	return use == CONNECT_TCP || use == CONNECT_UDP || use == ANSWER_UDP;
}

/* The kernel sends what is for 0.0.0.0 to 127.0.0.1 (ip_route_output_key_hash_rcu). */
static __always_inline bool is_granted4(struct label *label, __u32 use, __u32 address, __u16 port)
{
	set_endpoint4(label, use,
		      is_destination(use) && !address ? bpf_htonl(LOOPBACK4) : address, port);
	return is_endpoint_granted(label);
}

static __always_inline bool is_mapped(const struct in6_addr *address)
{
	const __u32 *words = address->in6_u.u6_addr32;

	return !words[0] && !words[1] && words[2] == bpf_htonl(0xffff);
}

static __always_inline bool is_unspecified(const struct in6_addr *address)
{
	const __u32 *words = address->in6_u.u6_addr32;

	return !words[0] && !words[1] && !words[2] && !words[3];
}

/*
 * `::` leads to ::1, or to 127.0.0.1 if the socket is bound to a mapped address, which another
 * thread may do after this. So both must be granted. Who listens on `::` without IPV6_V6ONLY
 * serves every IPv4 address too.
 */
static __always_inline bool is_granted6(struct label *label, __u32 use, struct in6_addr *address,
					__u16 port, bool dual)
{
	if (is_mapped(address))
		return is_granted4(label, use, address->in6_u.u6_addr32[3], port);
	if (is_unspecified(address) && (is_destination(use) || dual) &&
	    !is_granted4(label, use, 0, port))
		return false;
	if (is_unspecified(address) && is_destination(use))
		address->in6_u.u6_addr32[3] = bpf_htonl(1);
	set_endpoint6(label, use, address, port);
	return is_endpoint_granted(label);
}

static __always_inline int judged(struct label *label, bool granted)
{
	if (granted)
		return 0;
	return is_record_denied(label, REQUEST_ADDRESS, &label->endpoint,
				sizeof(label->endpoint), false) ? -EACCES : 0;
}

struct internet_socket {
	__u16 family;
	__u16 type;
	__u16 protocol;
	bool dual; /* an IPv6 socket that also serves IPv4 */
};

static __always_inline struct internet_socket describe(struct sock *sk)
{
	return (struct internet_socket){
		.family = BPF_CORE_READ(sk, __sk_common.skc_family),
		.type = BPF_CORE_READ(sk, sk_type),
		.protocol = BPF_CORE_READ(sk, sk_protocol),
		.dual = !BPF_CORE_READ_BITFIELD_PROBED(&sk->__sk_common, skc_ipv6only),
	};
}

/* Those with ports; the others were judged when they were made. */
static __always_inline bool has_rules(const struct internet_socket *socket)
{
	if (socket->family != AF_INET && socket->family != AF_INET6)
		return false;
	return (socket->type == SOCK_STREAM && socket->protocol == IPPROTO_TCP) ||
	       (socket->type == SOCK_DGRAM && socket->protocol == IPPROTO_UDP);
}

/* As the kernel holds every address: in 128 bytes, so that these can be read whatever it says. */
struct internet_address {
	__u16 family;
	__u16 port; /* network byte order */
	union {
		__u32 address4;
		struct {
			__u32 flow;
			struct in6_addr address6;
		};
	};
};

/* `as`: the family by which the kernel takes it. */
static __noinline bool is_address_granted(struct label *label, struct internet_address *address,
					  __u32 use, __u32 as, __u32 dual)
{
	__u16 port;

	if (!label || !address)
		return false;
	port = bpf_ntohs(address->port);
	if (as == AF_INET)
		return is_granted4(label, use, address->address4, port);
	return is_granted6(label, use, &address->address6, port, dual);
}

static __always_inline int judge_address(struct label *label, struct internet_address *address,
					 __u32 use, __u32 as, __u32 dual)
{
	return judged(label, is_address_granted(label, address, use, as, dual));
}

/* What the socket is bound to, or the own end of its connection. */
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

#endif
