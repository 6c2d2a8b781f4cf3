/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Answers over UDP. A socket on a port that `listen udp` grants may send to a peer from which this
 * very socket has received a datagram. The kernel wrote the peer's address, and the process asked
 * for it: a server that did not ask could not answer. So the map has one entry for each datagram
 * that a server has taken, and none for those that a flood only queued.
 */
#ifndef COFFERDAM_ANSWER_H
#define COFFERDAM_ANSWER_H

#include "address.h"

/* Peers of all sockets of the anchor together, about. Of more the kernel forgets one that has
   neither sent nor been answered for long. */
#define PEERS_MAX 16384

struct peer {
	__u64 socket; /* cookie: no two sockets of one boot have the same */
	__u32 address[4]; /* network byte order; IPv4 as an IPv4-mapped address */
	__u32 port; /* host byte order */
	__u32 zero;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct peer);
	__type(value, __u8);
	__uint(max_entries, PEERS_MAX);
} peers SEC(".maps");

/* A port that was never bound has no grant either, unless the policy grants to bind to it. */
static __always_inline int on_granted_port4(struct bpf_sock *socket)
{
	return granted4(OPERATION_LISTEN, IPPROTO_UDP, socket->src_ip4, socket->src_port);
}

static __always_inline int on_granted_port6(struct bpf_sock *socket)
{
	__u32 address[4] = { socket->src_ip6[0], socket->src_ip6[1], socket->src_ip6[2],
			     socket->src_ip6[3] };

	return granted6(OPERATION_LISTEN, IPPROTO_UDP, address, socket->src_port);
}

static __always_inline struct peer peer4(__u64 cookie, __u32 address, __u32 port)
{
	return (struct peer){
		.socket = cookie,
		.address = { 0, 0, bpf_htonl(0xffff), address },
		.port = port,
	};
}

static __always_inline struct peer peer6(__u64 cookie, const __u32 address[4], __u32 port)
{
	return (struct peer){
		.socket = cookie,
		.address = { address[0], address[1], address[2], address[3] },
		.port = port,
	};
}

static __noinline int has_written(struct peer *peer)
{
	return bpf_map_lookup_elem(&peers, peer) != 0;
}

static __noinline int remember(struct peer *peer)
{
	__u8 here = 1;

	/* Finding it marks it as used, and takes no lock. */
	if (!has_written(peer))
		bpf_map_update_elem(&peers, peer, &here, BPF_ANY);
	return 0;
}

/* No datagram comes from 0.0.0.0 that could be answered, but 127.0.0.1 is reached by it. */
static __always_inline int is_answer4(struct bpf_sock *socket, __u64 cookie, __u32 address,
				      __u32 port)
{
	__u32 judged = address ? address : bpf_htonl(0x7f000001);
	struct peer peer = peer4(cookie, judged, port);

	return configuration.answers && has_written(&peer) && on_granted_port4(socket) &&
	       granted4(OPERATION_ANSWER, IPPROTO_UDP, judged, port);
}

/* `::` may lead to either of two addresses, so it is no answer. */
static __always_inline int is_answer6(struct bpf_sock *socket, __u64 cookie,
				      const __u32 address[4], __u32 port)
{
	struct peer peer = peer6(cookie, address, port);

	if (is_mapped(address))
		return is_answer4(socket, cookie, address[3], port);
	return configuration.answers && !is_unspecified(address) && has_written(&peer) &&
	       on_granted_port6(socket) &&
	       granted6(OPERATION_ANSWER, IPPROTO_UDP, address, port);
}

#endif
