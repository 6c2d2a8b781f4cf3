/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Judges where a datagram really goes. The control data of a message may carry a source route
 * (IP_RETOPTS, IPV6_RTHDR). The kernel then sends the packet to the route's first hop (ip_make_skb,
 * fl6_update_dst), after connect4 or sendmsg4 has judged another address. So the destination of a
 * finished packet with IP options or extension headers is judged once more.
 */
#ifndef COFFERDAM_ROUTED_H
#define COFFERDAM_ROUTED_H

#include "answer.h"
#include "refused_address.h"

#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd
#define IPV4_HEADER_BYTES 20
#define IPV6_HEADER_BYTES 40
/* Limit on the extension headers of one packet that are skipped. A sender makes at most four. */
#define EXTENSIONS_MAX 5

/* Offsets within the headers (RFC 791, RFC 8200, RFC 768). */
#define IPV4_PROTOCOL 9
#define IPV4_DESTINATION 16
#define IPV6_NEXT_HEADER 6
#define IPV6_DESTINATION 24
#define UDP_DESTINATION_PORT 2

#define NEXT_HOP_BY_HOP 0
#define NEXT_ROUTING 43
#define NEXT_DESTINATION_OPTIONS 60

static __always_inline int refuse_datagram(struct refusal_key *key, __u32 port)
{
	key->kind = REFUSED_SEND;
	key->type = SOCK_DGRAM;
	key->protocol = IPPROTO_UDP;
	key->port = port;
	return verdict(key, 0);
}

static __always_inline int routed4(struct __sk_buff *packet, struct bpf_sock *socket)
{
	struct refusal_key key = { .family = AF_INET, .length = 4 };
	__u8 header[IPV4_HEADER_BYTES];
	__u32 address, length;
	__u16 port;

	if (bpf_skb_load_bytes(packet, 0, header, sizeof(header)))
		return DENY;
	length = (header[0] & 15) * 4;
	if (length == IPV4_HEADER_BYTES || header[IPV4_PROTOCOL] != IPPROTO_UDP)
		return ALLOW;
	if (bpf_skb_load_bytes(packet, length + UDP_DESTINATION_PORT, &port, sizeof(port)))
		return DENY;
	__builtin_memcpy(&address, header + IPV4_DESTINATION, 4);
	if (destination4_granted(IPPROTO_UDP, address, bpf_ntohs(port)) ||
	    is_answer4(socket, bpf_get_socket_cookie(packet), address, bpf_ntohs(port)))
		return ALLOW;
	__builtin_memcpy(key.address, &address, 4);
	return refuse_datagram(&key, bpf_ntohs(port));
}

static __always_inline int routed6(struct __sk_buff *packet, struct bpf_sock *socket)
{
	struct refusal_key key = { .family = AF_INET6, .length = 16 };
	__u8 header[IPV6_HEADER_BYTES], extension[2];
	__u32 at = IPV6_HEADER_BYTES, step, address[4];
	__u16 port;
	__u8 next;

	if (bpf_skb_load_bytes(packet, 0, header, sizeof(header)))
		return DENY;
	next = header[IPV6_NEXT_HEADER];
	if (next == IPPROTO_UDP)
		return ALLOW;
	for (step = 0; step < EXTENSIONS_MAX; step++) {
		if (next != NEXT_HOP_BY_HOP && next != NEXT_ROUTING &&
		    next != NEXT_DESTINATION_OPTIONS)
			break;
		if (bpf_skb_load_bytes(packet, at, extension, sizeof(extension)))
			return DENY;
		next = extension[0];
		at += (extension[1] + 1) * 8;
	}
	/* The host has turned the UDP packet into another one, for a tunnel or IPsec. */
	if (next != IPPROTO_UDP)
		return step < EXTENSIONS_MAX ? ALLOW : DENY;
	if (bpf_skb_load_bytes(packet, at + UDP_DESTINATION_PORT, &port, sizeof(port)))
		return DENY;
	__builtin_memcpy(address, header + IPV6_DESTINATION, 16);
	if (destination6_granted(IPPROTO_UDP, address, bpf_ntohs(port)) ||
	    is_answer6(socket, bpf_get_socket_cookie(packet), address, bpf_ntohs(port)))
		return ALLOW;
	__builtin_memcpy(key.address, address, 16);
	return refuse_datagram(&key, bpf_ntohs(port));
}

/*
 * Streams could get a route only by setsockopt, which the seccomp filter refuses. Ping and raw
 * sockets have no rules on addresses.
 */
static __always_inline struct bpf_sock *udp_socket(struct bpf_sock *socket)
{
	socket = socket ? bpf_sk_fullsock(socket) : 0;
	return socket && socket->type == SOCK_DGRAM && socket->protocol == IPPROTO_UDP ? socket : 0;
}

#endif
