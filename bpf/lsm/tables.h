/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What user space writes and the programs read. src/kernel/bpf/lsm/layout.ts and
 * src/compile/lsm/policy-table.ts have the same layouts; test/lsm/object.test.ts compares them.
 */
#ifndef COFFERDAM_LSM_TABLES_H
#define COFFERDAM_LSM_TABLES_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

/* Domains in the maps. */
#define DOMAINS_MAX 16384
/* Numbers of domains, and 0. */
#define POLICIES_MAX 65537
/* Pairs of a domain and an executable that leads into another domain. */
#define EXECUTABLES_MAX 32768
/* Bytes of an executable's name in a rule, its NUL included. */
#define EXECUTABLE_BYTES 256
/* Bytes of a last component by which most executables are known not to be in a rule. */
#define COMPONENT_BYTES 64
/* 32-bit words in one element of a policy's table. */
#define ROW_WORDS 1024
#define STATE_DEAD 0
/* Units that lead into a domain. */
#define UNITS_MAX 16384
/* Bytes of a control group's path, with its NUL; the last component begins in the first half. */
#define UNIT_BYTES 256
/* In the place of a domain: executing the file leads into none, whatever unit it is done in. */
#define STAYS_OUTSIDE 0xffffffff

/* src/model/permission.ts */
enum permission {
	MAY_READ = 0x001,
	MAY_WRITE = 0x002,
	MAY_CREATE = 0x004,
	MAY_DELETE = 0x008,
	MAY_EXECUTE = 0x010,
	MAY_MAP = 0x020,
	MAY_ATTRIBUTES = 0x040,
	MAY_IOCTL = 0x080,
	MAY_CONNECT = 0x100,
	MAY_LISTEN = 0x200,
};

/* An unknown word counts as enforcing. */
enum level { LEVEL_ENFORCING, LEVEL_WARNING, LEVEL_DISABLED };

/* Words of a policy beside its names. */
enum granted_word {
	GRANTED_JIT = 0x1,
	GRANTED_PING4 = 0x2,
	GRANTED_PING6 = 0x4,
	GRANTED_PACKET = 0x8,
	GRANTED_VSOCK = 0x10,
	GRANTED_SIGNALS_ANY = 0x20, /* to domains that no rule names */
	GRANTED_SHM = 0x40,
	GRANTED_SEM = 0x80,
	GRANTED_MSG = 0x100,
	GRANTED_MQUEUE = 0x200,
	GRANTED_KEYS = 0x400,
	GRANTED_PERF = 0x800,
	GRANTED_IO_URING = 0x1000,
	GRANTED_USERFAULTFD = 0x2000,
	GRANTED_CHROOT = 0x4000,
};

/* What an endpoint is asked for; src/compile/lsm/network-automaton.ts. */
enum endpoint_use {
	CONNECT_TCP,
	CONNECT_UDP,
	LISTEN_TCP,
	LISTEN_UDP,
	ANSWER_UDP,
	ENDPOINT_USES,
};

/* Constant before load, so that the verifier folds it. */
struct configuration {
	__u64 root_device; /* of the host's root directory; as in the kernel: major << 20 | minor */
	__u64 root_inode;
	__u64 seed; /* of the digests by which equal requests are known */
};

const volatile struct configuration configuration = {};

struct row {
	__u32 word[ROW_WORDS];
};

/*
 * What a policy's table begins with. The states of names follow; the network's and the words of
 * signals begin at rows of their own.
 *
 * A state of names is the index of its first word in the table. It has `class_count` words for the
 * states that follow it, one for each class of bytes, and then two:
 *
 *     granted | own << 16
 *     granted to every name below `state/` | granted to some name there << 16
 *
 * `own` is what the name's being Cofferdam's own object denies at every level. No byte leads out of
 * the states up to `last_final`, as none leads out of a folder of which all is granted: the rest of
 * a name need not be read. Of STATE_DEAD, which is below them, there are no words.
 *
 * The states of the network are indexed by state * 16 + nibble; state 1 is granted.
 */
struct table_head {
	__u32 start;
	__u32 last_final;
	__u32 class_count;
	__u32 words;
	__u32 netlink; /* a bit for each protocol */
	__u32 raw[8];
	__u32 capabilities[2];
	__u32 instead[2]; /* not granted, but one that the kernel takes instead */
	__u32 signals_row; /* ascending: number of a domain << 1 | granted */
	__u32 signal_count;
	__u32 network_row;
	__u32 network_starts[2 * ENDPOINT_USES]; /* of each use for IPv4, then for IPv6 */
	__u8 classes[256]; /* of each byte of a name */
};

struct policy_table {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_INNER_MAP);
	/* Sizes, because the compiler describes no type that only a map within a map has. */
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct row));
	__uint(max_entries, 1);
};

/*
 * By number of the domain, which makes it the cheapest map to look into. A program looks its policy
 * up once, so that it sees one whole.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__type(key, __u32);
	__uint(max_entries, POLICIES_MAX);
	__array(values, struct policy_table);
} policies SEC(".maps");

/* How a domain is held. */
struct standing {
	__u32 level; /* enum level */
	__u32 begun; /* another one since each change of level or policy, so that events begin anew */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, struct standing);
	__uint(max_entries, DOMAINS_MAX);
} levels SEC(".maps");

/* Domain 0 stands for processes in no domain. */
struct executable {
	__u32 domain;
	__u32 zero;
	char path[EXECUTABLE_BYTES];
};

/* To the number of the domain that executing the file leads into. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct executable);
	__type(value, __u32);
	__uint(max_entries, EXECUTABLES_MAX);
} executables SEC(".maps");

struct component {
	char name[COMPONENT_BYTES]; /* cut */
};

/* The last components of all names in `executables` with domain 0. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct component);
	__type(value, __u32);
	__uint(max_entries, EXECUTABLES_MAX);
} components SEC(".maps");

struct unit {
	char path[UNIT_BYTES]; /* of its control group, as /system.slice/nginx.service */
};

/* To the number of the domain that executing a file there leads into. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct unit);
	__type(value, __u32);
	__uint(max_entries, UNITS_MAX);
} units SEC(".maps");

/* Counts changes of `units`; 0 while there were none. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 1);
} unit_generations SEC(".maps");

/* Of a control group: a generation, and below it in 32 bits the domain that was found then. */
struct {
	__uint(type, BPF_MAP_TYPE_CGRP_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} unit_marks SEC(".maps");

#endif
