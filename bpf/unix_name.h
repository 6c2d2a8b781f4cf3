/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Unix-socket names: one step of the automaton per byte of the kernel's own copy of the address,
 * which no thread of the process can change. The table leads to a dead state for names that are not
 * canonical, and for names that the domain could rename after the check.
 */
#ifndef COFFERDAM_UNIX_NAME_H
#define COFFERDAM_UNIX_NAME_H

#include "kernel.h"
#include "records.h"
#include "tables.h"

struct unix_address {
	__u16 family;
	__u8 path[UNIX_PATH_MAX];
};

static __always_inline __u32 step(__u32 state, __u8 byte)
{
	__u32 index = state * configuration.unix_classes + configuration.unix_class[byte];
	__u32 row_index = index / TRANSITIONS_PER_ROW;
	struct transition_row *row = bpf_map_lookup_elem(&unix_transitions, &row_index);

	return row ? row->next[index % TRANSITIONS_PER_ROW] : STATE_DEAD;
}

enum unix_name { NAME_OUTSIDE, NAME_OWN, NAME_GRANTED };

static __noinline int unix_name_meaning(struct bpf_sock_addr *context)
{
	struct bpf_sock_addr_kern *kernel = bpf_cast_to_kern_ctx(context);
	struct unix_address address;
	__u32 length = kernel->uaddrlen;
	__u32 state = configuration.unix_start;
	int abstract;
	__u32 i;

	if (length <= sizeof(address.family) || length > sizeof(address))
		return NAME_OUTSIDE;
	/* The kernel holds every address in a sockaddr_storage, so these 110 bytes can be read whatever
	   `length` is. */
	if (bpf_probe_read_kernel(&address, sizeof(address), kernel->uaddr))
		return NAME_OUTSIDE;
	length -= sizeof(address.family);
	abstract = address.path[0] == '\0';
	/* In the table `@` stands for the abstract NUL. A pathname that begins with `@`, or with anything
	   else but `/`, is relative. */
	if (!abstract && address.path[0] != '/')
		return NAME_OUTSIDE;
	state = step(state, abstract ? '@' : '/');
	for (i = 1; i < UNIX_PATH_MAX; i++) {
		__u8 byte = address.path[i];

		if (i >= length || (!abstract && byte == '\0'))
			break;
		state = step(state, byte);
		if (state == STATE_DEAD)
			return NAME_OUTSIDE;
	}
	if (state >= configuration.unix_first_accepting)
		return NAME_GRANTED;
	return state >= configuration.unix_first_own ? NAME_OWN : NAME_OUTSIDE;
}

#endif
