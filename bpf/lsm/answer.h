/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From what a domain lacks to the answer, by its level, and to the event. Every hook ends here.
 */
#ifndef COFFERDAM_LSM_ANSWER_H
#define COFFERDAM_LSM_ANSWER_H

#include "walk.h"

struct digest {
	const char *name;
	__u64 value;
};

static long digest_at(__u32 index, struct digest *digest)
{
	if (index >= PATH_BYTES + LAST_BYTES)
		return 1;
	digest->value = (digest->value ^ (__u8)digest->name[index]) * 0x9e3779b97f4a7c15ULL;
	digest->value ^= digest->value >> 29;
	return 0;
}

static __always_inline struct account *account_of(__u32 domain)
{
	struct account *known = bpf_map_lookup_elem(&accounts, &domain);
	struct account fresh = {};

	if (known)
		return known;
	bpf_map_update_elem(&accounts, &domain, &fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&accounts, &domain);
}

/* Whether one more event of this domain is within these events of a window. */
static __always_inline bool is_within(struct account *account, __u64 time, __u64 limit)
{
	__u64 window = time >> WINDOW_SHIFT;

	if (account->window != window) {
		account->window = window;
		account->in_window = 0;
	}
	return account->in_window < limit;
}

/* Bytes before a record there, and what its length is rounded up to. */
#define RECORD_HEAD_BYTES 8

/*
 * No domain fills the buffer: of each, what the reader has not taken is bounded. While it reads,
 * what was written since it began may wait beside that once more.
 */
static __always_inline bool may_wait(struct account *account, __u64 length)
{
	__u64 bytes = (length + 2 * RECORD_HEAD_BYTES - 1) & ~(RECORD_HEAD_BYTES - 1ULL);
	__u64 read_to = bpf_ringbuf_query(&events, BPF_RB_CONS_POS);

	if (account->read_to != read_to) {
		account->read_to = read_to;
		account->unread = 0;
	}
	return __sync_fetch_and_add(&account->unread, bytes) + bytes <= UNREAD_BYTES_MAX;
}

static __always_inline bool is_told(struct account *account, struct event *event, __u64 bytes)
{
	if (!is_within(account, event->time, EVENTS_PER_WINDOW_MAX))
		return false;
	__sync_fetch_and_add(&account->in_window, 1);
	return may_wait(account, bytes) && !bpf_ringbuf_output(&events, event, bytes, 0);
}

/* Requests that are made again leave half of a window to new ones. */
static __always_inline bool is_told_again(struct account *account, struct told *told, __u64 time)
{
	return time - told->time >= REPEAT_NS &&
	       is_within(account, time, EVENTS_PER_WINDOW_MAX / 2);
}

static __always_inline struct standing *standing_of(struct label *label)
{
	return bpf_map_lookup_elem(&levels, &label->domain);
}

/* `label->event` says what was asked, `label->name` of what. */
static __noinline int report(struct label *label)
{
	struct event *event = &label->event;
	struct digest digest = { .name = label->name, .value = configuration.seed };
	struct request request = {};
	struct account *account = account_of(label->domain);
	struct standing *standing = standing_of(label);
	struct told fresh = {}, *told;
	__u32 length = event->length;
	__u64 more = 0;

	if (!account)
		return 0;
	__sync_fetch_and_add(event->denied ? &account->denied : &account->warned, 1);
	if (length >= PATH_BYTES)
		length = PATH_BYTES - 1;
	event->length = length;
	bpf_loop(length, digest_at, &digest, 0);
	request.domain = label->domain;
	request.permissions = event->permissions;
	request.kind = event->kind;
	request.denied = event->denied;
	request.begun = standing ? standing->begun : 0;
	request.digest = digest.value;
	event->time = bpf_ktime_get_ns();
	told = bpf_map_lookup_elem(&requests, &request);
	if (told && !is_told_again(account, told, event->time)) {
		__sync_fetch_and_add(&told->more, 1);
		return 0;
	}
	if (told)
		more = __sync_lock_test_and_set(&told->more, 0);
	event->count = more < ~0U ? more + 1 : ~0U;
	event->domain = label->domain;
	event->process = bpf_get_current_pid_tgid() >> 32;
	event->thread = bpf_get_current_pid_tgid();
	event->uid = bpf_get_current_uid_gid();
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	if (is_told(account, event, sizeof(*event) + length)) {
		fresh.time = event->time;
		if (told)
			told->time = event->time;
		else
			bpf_map_update_elem(&requests, &request, &fresh, BPF_NOEXIST);
	} else if (told) {
		__sync_fetch_and_add(&told->more, event->count);
	} else {
		__sync_fetch_and_add(&account->dropped, 1);
	}
	return 0;
}

/* A missing level is enforcing. */
static __always_inline __u32 level_of(struct label *label)
{
	struct standing *standing = standing_of(label);

	return standing ? standing->level : LEVEL_ENFORCING;
}

/* Whether to deny what the domain lacks; `own` is refused at every level. */
static __always_inline bool is_denied(struct label *label, enum request_kind kind,
				      enum name_state state, __u32 permissions, __u32 own)
{
	__u32 level = level_of(label);

	if (!own && level == LEVEL_DISABLED)
		return false;
	label->event.kind = kind;
	label->event.name_state = state;
	label->event.permissions = permissions;
	label->event.own = own;
	label->event.level = level;
	label->event.denied = own || level != LEVEL_WARNING;
	report(label);
	return label->event.denied;
}

/* Of no name: the request's kind says all. */
static __always_inline bool is_refused(struct label *label, enum request_kind kind)
{
	label->event.length = 0;
	return is_denied(label, kind, NAME_FOUND, 0, 0);
}

/* The event's name is a record. `own`: refused at every level. */
static __always_inline bool is_record_denied(struct label *label, enum request_kind kind,
					     const void *record, __u32 bytes, bool own)
{
	__builtin_memcpy(label->name, record, bytes);
	label->event.length = bytes;
	return is_denied(label, kind, NAME_FOUND, 0, own);
}

/* The same without an event. */
static __always_inline bool is_denied_quietly(struct label *label)
{
	__u32 level = level_of(label);

	return level != LEVEL_WARNING && level != LEVEL_DISABLED;
}

/* Of a name that was made before, if there is one. */
static __always_inline struct found judge_found(struct label *label, void *table,
						enum name_state state)
{
	struct found found = {};

	if (table && state == NAME_FOUND)
		found = look_up(label, table);
	return found;
}

/*
 * What has no name was the domain's before, or is code that no rule could name. So it may be read,
 * written and changed, and not executed or mapped as code.
 */
#define GRANTED_NAMELESS (MAY_READ | MAY_WRITE | MAY_ATTRIBUTES)

/* Only the kernel reaches these mounts; of message queues services.h has decided. */
#define GRANTED_KERNELS 0xffff

static __always_inline struct found found_of(struct label *label, void *table,
					     enum name_state state)
{
	struct found found = {};

	if (state == NAME_KERNELS)
		found.granted = GRANTED_KERNELS;
	else if (state == NAME_NONE)
		found.granted = GRANTED_NAMELESS;
	else
		found = judge_found(label, table, state);
	return found;
}

static __always_inline bool lacks(struct label *label, enum name_state state,
				  struct found found, __u32 wanted)
{
	__u32 lacked = wanted & ~found.granted;

	return lacked && is_denied(label, REQUEST_NAME, state, lacked, wanted & found.own);
}

static __always_inline bool is_name_denied(struct label *label, enum name_state state,
					   __u32 wanted)
{
	return lacks(label, state, found_of(label, table_of(label), state), wanted);
}

#endif
