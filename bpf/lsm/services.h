/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel offers without a name in the file system: IPC, keys, measuring, io_uring. A
 * policy grants each with a word, or by the system call that begins it; or no policy does.
 */
#ifndef COFFERDAM_LSM_SERVICES_H
#define COFFERDAM_LSM_SERVICES_H

#include "answer.h"

/* `words`: those that grant it; 0 for none. */
static __noinline int judge_service(enum service service, __u32 words)
{
	struct label *label = label_of_current();
	__u32 asked = service;
	struct table_head *head;

	if (!label)
		return 0;
	head = words ? head_of(table_of(label)) : NULL;
	if (head && head->words & words)
		return 0;
	return is_record_denied(label, REQUEST_SERVICE, &asked, sizeof(asked), false) ? -EACCES : 0;
}

#define IPC_HOOK(hook, service) \
	SEC("lsm/" #hook) \
	int BPF_PROG(on_##hook) \
	{ \
		return judge_service(SERVICE_##service, GRANTED_##service); \
	}

IPC_HOOK(shm_alloc_security, SHM)
IPC_HOOK(shm_associate, SHM)
IPC_HOOK(shm_shmctl, SHM)
IPC_HOOK(shm_shmat, SHM)
IPC_HOOK(sem_alloc_security, SEM)
IPC_HOOK(sem_associate, SEM)
IPC_HOOK(sem_semctl, SEM)
IPC_HOOK(sem_semop, SEM)
IPC_HOOK(msg_queue_alloc_security, MSG)
IPC_HOOK(msg_queue_associate, MSG)
IPC_HOOK(msg_queue_msgctl, MSG)
IPC_HOOK(msg_queue_msgsnd, MSG)
IPC_HOOK(msg_queue_msgrcv, MSG)
IPC_HOOK(key_alloc, KEYS)
IPC_HOOK(key_permission, KEYS)
IPC_HOOK(perf_event_open, PERF)
IPC_HOOK(uring_override_creds, IO_URING)
IPC_HOOK(uring_sqpoll, IO_URING)
IPC_HOOK(uring_cmd, IO_URING)

/* The domain would have all capabilities in there, and could make mounts. */
SEC("lsm/userns_create")
int BPF_PROG(on_userns_create)
{
	return judge_service(SERVICE_USER_NAMESPACE, 0);
}

static __always_inline bool is_message_queue(struct inode *directory)
{
	return directory->i_sb->s_magic == MQUEUE_MAGIC;
}

/* POSIX message queues need no path. */
SEC("lsm/inode_create")
int BPF_PROG(on_inode_create, struct inode *directory)
{
	if (is_outside() || !is_message_queue(directory))
		return 0;
	return judge_service(SERVICE_MQUEUE, GRANTED_MQUEUE);
}

SEC("lsm/inode_unlink")
int BPF_PROG(on_inode_unlink, struct inode *directory)
{
	if (is_outside() || !is_message_queue(directory))
		return 0;
	return judge_service(SERVICE_MQUEUE, GRANTED_MQUEUE);
}

/* Bytes of `[userfaultfd]` and its NUL. */
#define ANONYMOUS_NAME_BYTES 14

/* By the name that the kernel gives to a descriptor without a file. */
static __always_inline int judge_anonymous(const unsigned char *name)
{
	char read[ANONYMOUS_NAME_BYTES] = {};

	bpf_probe_read_kernel_str(read, sizeof(read), name);
	if (read[0] != '[')
		return 0;
	if (read[1] == 'i' && read[2] == 'o' && read[3] == '_')
		return judge_service(SERVICE_IO_URING, GRANTED_IO_URING);
	if (read[1] == 'u' && read[2] == 's' && read[3] == 'e')
		return judge_service(SERVICE_USERFAULTFD, GRANTED_USERFAULTFD);
	if (read[1] == 'p' && read[2] == 'e' && read[3] == 'r')
		return judge_service(SERVICE_PERF, GRANTED_PERF);
	return 0;
}

/* io_uring and userfaultfd begin with such a descriptor. */
SEC("lsm/inode_init_security_anon")
int BPF_PROG(on_anonymous_inode, struct inode *inode, const struct qstr *name)
{
	if (!label_of_current())
		return 0;
	return judge_anonymous(BPF_CORE_READ(name, name));
}

#endif
