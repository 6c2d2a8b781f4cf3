/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records the address as the kernel holds it and as it was judged; nothing is read from the
   process. */
#ifndef COFFERDAM_REFUSED_ADDRESS_H
#define COFFERDAM_REFUSED_ADDRESS_H

#include <bpf/bpf_endian.h>
#include "refusal.h"

#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10

static __always_inline int refuse_socket(struct bpf_sock *socket)
{
	struct refusal_key key = { .kind = REFUSED_CREATE };

	key.family = socket->family;
	key.type = socket->type;
	key.protocol = socket->protocol;
	return refuse(&key, 0);
}

static __always_inline void describe(struct refusal_key *key, struct bpf_sock_addr *context)
{
	key->type = context->type;
	key->protocol = context->protocol;
	key->port = bpf_ntohs(context->user_port);
}

static __always_inline int refuse4(struct bpf_sock_addr *context, __u8 kind)
{
	struct refusal_key key = { .kind = kind, .family = AF_INET, .length = 4 };
	__u32 address = context->user_ip4;

	describe(&key, context);
	__builtin_memcpy(key.address, &address, 4);
	return refuse(&key, 0);
}

static __always_inline int refuse6(struct bpf_sock_addr *context, const __u32 address[4], __u8 kind)
{
	struct refusal_key key = { .kind = kind, .family = AF_INET6, .length = 16 };

	describe(&key, context);
	__builtin_memcpy(key.address, address, 16);
	return refuse(&key, 0);
}

static __always_inline int refuse_unix(struct bpf_sock_addr *context, __u8 kind, int own)
{
	struct bpf_sock_addr_kern *kernel = bpf_cast_to_kern_ctx(context);
	struct refusal_key key = { .kind = kind, .family = AF_UNIX };
	void *path = (void *)kernel->uaddr + sizeof(__u16);
	__u32 length = kernel->uaddrlen - sizeof(__u16);
	long read = 0;

	/* Two comparisons of one register: the verifier of Linux 6.12 does not follow the single one, of
	   another register, that the compiler would make of both. */
	if (length == 0)
		return refuse(&key, own);
	barrier_var(length);
	if (length > UNIX_PATH_MAX)
		return refuse(&key, own);
	/* Stops at a NUL and writes one. A pathname is then complete; an abstract name begins with a NUL
	   and is read again below. */
	read = bpf_probe_read_kernel_str(key.address, length + 1, path) - 1;
	if (read == 0 && !bpf_probe_read_kernel(key.address, length, path))
		read = length;
	key.length = read > 0 ? read : 0;
	return refuse(&key, own);
}

#endif
