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

struct walk {
	void *table;
	const __u8 *classes;
	const char *name;
	__u32 class_count;
	__u32 next_row;
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
	return word_at(walk->table, walk->next_row,
		       walk->state * walk->class_count + walk->classes[byte]);
}

static long step_at(__u32 index, struct walk *walk)
{
	__u8 byte;

	if (index >= PATH_BYTES + LAST_BYTES)
		return 1;
	byte = walk->name[index];
	walk->state = step(walk, byte);
	return walk->state == STATE_DEAD;
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
	__u32 head_row = 0;
	__u32 classes_row = 1;
	struct table_head *head = bpf_map_lookup_elem(table, &head_row);
	struct row *classes = bpf_map_lookup_elem(table, &classes_row);

	if (!head || !classes)
		return false;
	walk->table = table;
	walk->classes = (const __u8 *)classes->word;
	walk->class_count = head->class_count;
	walk->next_row = head->next_row;
	walk->state = head->start;
	return true;
}

static __always_inline __u32 states_row_of(void *table)
{
	__u32 row = 0;
	struct table_head *head = bpf_map_lookup_elem(table, &row);

	return head ? head->states_row : 0;
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
	bpf_loop(label->event.length, step_at, &walk, 0);
	said = word_at(table, states_row_of(table), walk.state * 2);
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
	said = word_at(table, states_row_of(table), below.state * 2 + 1);
	below.every = said & 0xffff;
	below.some = said >> 16;
	return below;
}

#endif
