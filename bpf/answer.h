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

/* Peers of all sockets of the anchor together, about. */
#define PEERS_MAX 16384

#include "peers.h"

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
