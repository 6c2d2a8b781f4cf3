/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Capabilities beyond those that the policy names: the process has them, and cannot use them. */
#ifndef COFFERDAM_LSM_CAPABILITIES_H
#define COFFERDAM_LSM_CAPABILITIES_H

#include "answer.h"

struct capability_asked {
	__u32 capability;
};

/* The kernel asks only about what the process's credentials have. */
SEC("lsm/capable")
int BPF_PROG(on_capable, void *credentials, void *namespace, int capability,
	     unsigned int options)
{
	struct label *label = label_of_current();
	struct capability_asked asked = { capability };
	struct table_head *head;
	__u32 word, bit;

	if (!label)
		return 0;
	head = head_of(table_of(label));
	word = ((__u32)capability / 32) & 1;
	bit = 1u << ((__u32)capability % 32);
	if (head && (__u32)capability < 64 && head->capabilities[word] & bit)
		return 0;
	/* Nothing that counts: the kernel asks for another one next, or does not need it. */
	if (options & CAP_OPT_NOAUDIT || (head && head->instead[word] & bit))
		return is_denied_quietly(label) ? -EPERM : 0;
	return is_record_denied(label, REQUEST_CAPABILITY, &asked, sizeof(asked), false) ? -EPERM : 0;
}

#endif
