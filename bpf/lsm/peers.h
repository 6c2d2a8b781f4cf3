/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where each UDP socket has received datagrams from, so that it may answer there. The map has one
 * entry for each peer from which a process in a domain has taken a datagram, and none for what a
 * flood only queued. docs/cgroup-bpf.md has the same rule for the other engine.
 */
#ifndef COFFERDAM_LSM_PEERS_H
#define COFFERDAM_LSM_PEERS_H

#include <bpf/bpf_endian.h>
#include "kernel.h"

/* Peers of all domains together, about. Of more the kernel forgets one that has neither sent nor
   been answered for long. */
#define PEERS_MAX 65536

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

static __always_inline bool is_mapped(const struct in6_addr *address)
{
	const __u32 *words = address->in6_u.u6_addr32;

	return !words[0] && !words[1] && words[2] == bpf_htonl(0xffff);
}

static __always_inline void set_peer4(struct peer *peer, __u32 address)
{
	peer->address[2] = bpf_htonl(0xffff);
	peer->address[3] = address;
}

static __noinline bool has_written(struct peer *peer)
{
	return peer && bpf_map_lookup_elem(&peers, peer);
}

/* Finding it marks it as used, and takes no lock. */
static __always_inline void remember(struct peer *peer)
{
	__u8 here = 1;

	if (!has_written(peer))
		bpf_map_update_elem(&peers, peer, &here, BPF_ANY);
}

#endif
