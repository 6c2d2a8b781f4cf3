/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a policy grants a name: one step of its automaton per byte, whatever the number of rules.
 */
#ifndef COFFERDAM_LSM_WALK_H
#define COFFERDAM_LSM_WALK_H

#include "name.h"

/* What the state that a name leads to says of it. */
struct found {
	__u32 state;
	__u32 granted;
	__u32 own;
};

/* Bytes of a name that one turn of the loop takes. */
#define BYTES_AT_ONCE 4

struct walk {
	void *table;
	const __u8 *classes;
	const char *name;
	__u32 length;
	struct row *row; /* the last one that was looked up; most names stay in one or two */
	__u32 row_number;
	__u32 class_count;
	__u32 next_row;
	__u32 states_row;
	__u32 state;
};

static __always_inline __u32 word_at(void *table, __u32 first_row, __u32 index)
{
	__u32 number = first_row + index / ROW_WORDS;
	struct row *row = bpf_map_lookup_elem(table, &number);

	return row ? row->word[index % ROW_WORDS] : 0;
}

static __always_inline __u32 step(struct walk *walk, __u8 byte)
{
	__u32 index = walk->state * walk->class_count + walk->classes[byte];
	__u32 number = walk->next_row + index / ROW_WORDS;
	struct row *row = walk->row;

	if (number != walk->row_number) {
		row = bpf_map_lookup_elem(walk->table, &number);
		if (!row)
			return STATE_DEAD;
		walk->row = row;
		walk->row_number = number;
	}
	return row->word[index % ROW_WORDS];
}

static long step_at(__u32 index, struct walk *walk)
{
	__u64 at = (__u64)index * BYTES_AT_ONCE;
	int i;

#pragma unroll
	for (i = 0; i < BYTES_AT_ONCE; i++, at++) {
		/* So that what is compared is what is used: the verifier knows no more. */
		barrier_var(at);
		if (at >= walk->length || at >= PATH_BYTES + LAST_BYTES)
			return 1;
		walk->state = step(walk, walk->name[at]);
		if (walk->state == STATE_DEAD)
			return 1;
	}
	return 0;
}

/* NULL for a domain without a policy: nothing is granted then. */
static __always_inline void *table_of(struct label *label)
{
	return bpf_map_lookup_elem(&policies, &label->domain);
}

static __always_inline struct table_head *head_of(void *table)
{
	__u32 row = 0;

	return table ? bpf_map_lookup_elem(table, &row) : NULL;
}

static __always_inline bool begin_walk(struct walk *walk, void *table)
{
	__u32 first = 0;
	struct row *row = bpf_map_lookup_elem(table, &first);
	struct table_head *head = (void *)row;

	if (!row)
		return false;
	walk->table = table;
	walk->classes = head->classes;
	walk->row = row;
	walk->row_number = first;
	walk->states_row = head->states_row;
	walk->class_count = head->class_count;
	walk->next_row = head->next_row;
	walk->state = head->start;
	return true;
}

/* Looks `label->name` up. */
static __always_inline struct found look_up(struct label *label, void *table)
{
	struct found found = {};
	struct walk walk = {};
	__u32 said;

	if (!begin_walk(&walk, table))
		return found;
	walk.name = label->name;
	/* Abstract names have NULs. */
	walk.length = label->event.length;
	bpf_loop((walk.length + BYTES_AT_ONCE - 1) / BYTES_AT_ONCE, step_at, &walk, 0);
	said = word_at(table, walk.states_row, walk.state * 2);
	found.state = walk.state;
	found.granted = said & 0xffff;
	found.own = said >> 16;
	return found;
}

/* What every name below a directory has, and what some name there has, from its state. */
struct below {
	__u32 state;
	__u32 every;
	__u32 some;
};

static __always_inline struct below look_below(void *table, __u32 state)
{
	struct below below = {};
	struct walk walk = {};
	__u32 said;

	if (!begin_walk(&walk, table))
		return below;
	walk.state = state;
	below.state = step(&walk, '/');
	said = word_at(table, walk.states_row, below.state * 2 + 1);
	below.every = said & 0xffff;
	below.some = said >> 16;
	return below;
}

#endif
