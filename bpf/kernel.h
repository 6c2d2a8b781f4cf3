/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The few kernel structures that are read; offsets come from the running kernel's BTF (CO-RE). */
#ifndef COFFERDAM_KERNEL_H
#define COFFERDAM_KERNEL_H

#include "tables.h"
#include <bpf/bpf_core_read.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct sock_common {
	unsigned char skc_ipv6only : 1;
};

struct sock {
	struct sock_common __sk_common;
};

struct sockaddr;

struct kernfs_node {
	const char *name;
	__u64 id; /* of a control group; packet programs cannot call bpf_get_current_cgroup_id() */
};

struct cgroup {
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp; /* in the cgroup v2 hierarchy */
};

struct task_struct {
	int tgid;
	struct css_set *cgroups;
};

/* include/linux/filter.h; uaddrlen exists since 6.7. */
struct bpf_sock_addr_kern {
	struct sock *sk;
	struct sockaddr *uaddr;
	__u32 uaddrlen;
};

#pragma clang attribute pop

extern void *bpf_cast_to_kern_ctx(void *context) __ksym;

#endif
