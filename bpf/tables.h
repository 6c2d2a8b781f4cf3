/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What one domain may reach. User space fills the tables in and freezes them before it attaches the
 * programs. src/compile/cgroup/ writes these layouts; test/cgroup/object.test.ts compares the two.
 */
#ifndef COFFERDAM_TABLES_H
#define COFFERDAM_TABLES_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

/* Bits before the address in a network key: operation, protocol, family, zero. */
#define NETWORK_KEY_HEAD_BITS 32
#define TRANSITIONS_PER_ROW 16
#define STATE_DEAD 0
#define PROTOCOLS 256

/* OPERATION_ANSWER: where a datagram may be answered, which is where no rule denies to connect. */
enum operation { OPERATION_CONNECT = 1, OPERATION_LISTEN = 2, OPERATION_ANSWER = 3 };

struct network_key {
	__u32 prefix_length; /* bits, head included */
	__u8 operation;
	__u8 protocol;
	__u8 family; /* 4 or 6 */
	__u8 zero;
	__u8 address[16]; /* network byte order; an IPv4 address fills the first 4 bytes */
};

/* A run of `port_intervals`, sorted and disjoint: every port granted in this network, minus the
   denied ones. */
struct port_set {
	__u32 first;
	__u32 count;
};

struct transition_row {
	__u32 next[TRANSITIONS_PER_ROW];
};

/* Constant before load, so that the verifier folds it. */
struct configuration {
	__u32 unix_start;
	__u32 unix_first_own; /* from this state on: names of Cofferdam's own, which no level grants */
	__u32 unix_first_accepting; /* from this state on: accepting states */
	__u32 unix_classes;
	__u16 ping4_granted;
	__u16 ping6_granted;
	__u8 raw_granted[PROTOCOLS / 8]; /* bit per IP protocol number */
	__u8 unix_class[256];
	__u32 answers; /* whether sockets on granted ports may answer (answer.h) */
};

const volatile struct configuration configuration = {};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__type(key, struct network_key);
	__type(value, struct port_set);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
} networks SEC(".maps");

/* first << 16 | last */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_RDONLY_PROG);
} port_intervals SEC(".maps");

/* next[state * classes + class], in rows, because an array element of 4 bytes would take 8. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct transition_row);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_RDONLY_PROG);
} unix_transitions SEC(".maps");

enum level { LEVEL_ENFORCING, LEVEL_WARNING, LEVEL_DISABLED };

/* The current level for all processes of the anchor; one store of `level` changes it. */
struct control {
	__u32 level; /* an unknown value counts as enforcing */
	__u32 number; /* of the domain whose level and policy it follows; 0: follows none */
	__u32 generation; /* of the policy in the tables, as counted in the host's table of domains */
	__u32 table; /* identifies that table of domains (src/host/live-sockets.ts) */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct control);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_RDONLY_PROG);
} control SEC(".maps");

#endif
