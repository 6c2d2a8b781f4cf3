/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where each UDP socket has received datagrams from, so that it may answer there. Both engines have
 * such a map: answer.h and lsm/peers.h include this with the kernel's types and with PEERS_MAX. Of
 * more peers the kernel forgets one that has neither sent nor been answered for long.
 */
#ifndef COFFERDAM_PEERS_H
#define COFFERDAM_PEERS_H

#include <bpf/bpf_endian.h>

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

#endif
