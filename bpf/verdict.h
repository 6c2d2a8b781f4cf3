/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef COFFERDAM_VERDICT_H
#define COFFERDAM_VERDICT_H

#include "tables.h"

#define EACCES 13
#define ALLOW 1
#define DENY 0

/* EACCES instead of the hook's own EPERM: what Landlock answers for the same thing. */
static __always_inline int verdict(int granted, __u32 counter)
{
	__u64 *count;

	if (granted)
		return ALLOW;
	count = bpf_map_lookup_elem(&denials, &counter);
	if (count)
		*count += 1;
	bpf_set_retval(-EACCES);
	return DENY;
}

#endif
