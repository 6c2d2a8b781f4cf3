/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a policy grants a name: one step of its automaton per byte, whatever the number of rules, up
 * to where the rest of the name counts no more.
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

/* NULL for a domain without a policy: nothing is granted then. */
static __always_inline void *table_of(struct label *label)
{
	return bpf_map_lookup_elem(&policies, &label->domain);
}

static __always_inline struct row *row_at(void *table, __u32 number)
{
	return bpf_map_lookup_elem(table, &number);
}

static __always_inline struct table_head *head_of(void *table)
{
	return table ? (void *)row_at(table, 0) : NULL;
}

static __always_inline __u32 word_at(void *table, __u32 first_row, __u32 index)
{
	struct row *row = row_at(table, first_row + index / ROW_WORDS);

	return row ? row->word[index % ROW_WORDS] : 0;
}

struct walk {
	const char *name;
	const __u8 *classes;
	void *table;
	__u64 at; /* the byte of the name whose state is at `index` */
	__u64 length;
	struct row *row; /* the last one that was looked up; a small policy has one */
	__u32 row_begin; /* index of its first word in the table */
	__u32 index;
	__u32 state;
	__u32 last_final;
	bool is_done;
};

#ifdef BEFORE_6_12

/* Only a loop of the kernel's goes on from here. */
#define FIRST_BYTE(label) 0

/* A turn of the kernel's loop: one byte, or one row that is looked up. */
static long take_turn(__u32 index, struct walk *walk)
{
	__u32 within = walk->index - walk->row_begin;
	__u64 at = walk->at + 1;

	if (within >= ROW_WORDS) {
		walk->row = row_at(walk->table, walk->index / ROW_WORDS);
		walk->row_begin = walk->index / ROW_WORDS * ROW_WORDS;
		return !walk->row;
	}
	if (!walk->row)
		return 1;
	walk->state = walk->row->word[within];
	walk->at = at;
	if (walk->state <= walk->last_final || at >= walk->length) {
		walk->is_done = true;
		return 1;
	}
	if (at >= PATH_BYTES + LAST_BYTES)
		return 1;
	walk->index = walk->state + walk->classes[(__u8)walk->name[at]];
	return 0;
}

static __always_inline void walk_on(struct walk *walk)
{
	bpf_loop(2 * (PATH_BYTES + LAST_BYTES), take_turn, walk, 0);
}

#else

/* The verifier takes it for any number, so it follows the loop once, and not for each byte. */
#define FIRST_BYTE(label) ((label)->zero)

enum turn { TURN_ON, TURN_ROW, TURN_DONE };

/* One byte. It calls nothing, so that the compiler keeps the walk in registers. */
static __always_inline enum turn step(struct walk *walk)
{
	__u32 within = walk->index - walk->row_begin;

	if (within >= ROW_WORDS)
		return TURN_ROW;
	walk->state = walk->row->word[within];
	walk->at++;
	/* What is compared is what is used: the verifier knows of no other register. */
	barrier_var(walk->at);
	if (walk->state <= walk->last_final || walk->at >= walk->length)
		return TURN_DONE;
	walk->index = walk->state + walk->classes[(__u8)walk->name[walk->at]];
	return TURN_ON;
}

/* Bytes of a name for each turn of the loop, which the kernel counts. */
#define BYTES_AT_ONCE 4

static __always_inline enum turn walk_row(struct walk *walk)
{
	enum turn turn;
	int i;

	while (can_loop) {
#pragma unroll
		for (i = 0; i < BYTES_AT_ONCE; i++) {
			turn = step(walk);
			if (turn != TURN_ON)
				return turn;
		}
	}
	return TURN_ROW;
}

static __always_inline void walk_on(struct walk *walk)
{
	enum turn turn;

	while ((turn = walk_row(walk)) == TURN_ROW && can_loop) {
		struct row *row = row_at(walk->table, walk->index / ROW_WORDS);

		if (!row)
			return;
		walk->row = row;
		walk->row_begin = walk->index / ROW_WORDS * ROW_WORDS;
	}
	walk->is_done = turn == TURN_DONE;
}

#endif

/* Of the name in `label->name`, which may have NULs: `granted | own << 16 | state << 32`. */
static __noinline __u64 walk_name(struct label *label, void *table)
{
	struct walk walk = { .name = label->name, .table = table, .at = FIRST_BYTE(label) };
	struct row *row = row_at(table, 0);
	struct table_head *head = (void *)row;

	if (!head)
		return 0;
	walk.length = label->event.length;
	if (walk.length > sizeof(label->name))
		walk.length = sizeof(label->name);
	if (walk.at >= walk.length)
		return 0;
	walk.row = row;
	walk.classes = head->classes;
	walk.last_final = head->last_final;
	walk.index = head->start + walk.classes[(__u8)walk.name[walk.at]];
	walk_on(&walk);
	if (!walk.is_done || walk.state == STATE_DEAD)
		return 0;
	return (__u64)walk.state << 32 | word_at(table, 0, walk.state + head->class_count);
}

/* Looks `label->name` up. */
static __always_inline struct found look_up(struct label *label, void *table)
{
	__u64 said = walk_name(label, table);

	return (struct found){
		.state = said >> 32,
		.granted = said & 0xffff,
		.own = said >> 16 & 0xffff,
	};
}

/* What every name below a directory has, and what some name there has, from its state. */
struct below {
	__u32 state;
	__u32 every;
	__u32 some;
};

static __always_inline struct below look_below(void *table, __u32 state)
{
	struct table_head *head = head_of(table);
	struct below below = {};
	__u32 said;

	if (!head || state == STATE_DEAD)
		return below;
	below.state = word_at(table, 0, state + head->classes['/']);
	if (below.state == STATE_DEAD)
		return below;
	said = word_at(table, 0, below.state + head->class_count + 1);
	below.every = said & 0xffff;
	below.some = said >> 16;
	return below;
}

#endif
