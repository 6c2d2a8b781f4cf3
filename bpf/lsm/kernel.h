/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's structures that are read; offsets come from the running kernel's BTF (CO-RE). The
 * values of flags are the kernel's own, which no BTF has.
 */
#ifndef COFFERDAM_LSM_KERNEL_H
#define COFFERDAM_LSM_KERNEL_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

/* A hook's parameters are the kernel's, and BPF_PROG adds the context. */
#pragma clang diagnostic ignored "-Wunused-parameter"

#define EPERM 1
#define ENOMEM 12
#define EACCES 13

/* linux/fs.h */
#define FMODE_READ 0x1
#define FMODE_WRITE 0x2
#define FMODE_CREATED 0x100000 /* by this open(2) */
#define FMODE_BACKING 0x2000000 /* 6.5: the file below a file of overlayfs */
#define OPENED_FOR_EXEC 0x20 /* __FMODE_EXEC, in f_flags */
#define OPENED_NAMELESS 020000000 /* __O_TMPFILE */
#define ACCESS_MODE_MASK 3
#define ACCESS_MODE_IOCTL 3 /* open(2): neither reads nor writes, and needs both permissions */
#define SB_NOUSER (1UL << 31)
#define RENAME_EXCHANGE 0x2
#define RENAME_WHITEOUT 0x4
#define ATTR_MODE 0x1
#define ATTR_UID 0x2
#define ATTR_GID 0x4
#define ATTR_SIZE 0x8 /* a flag: the length changes */
#define ATTR_ATIME 0x10
#define ATTR_MTIME 0x20
#define ATTR_FORCE 0x200
#define FIGETBSZ 0x2
#define FS_IOC_SETFLAGS 0x40086602
#define FS_IOC32_SETFLAGS 0x40046602
#define FS_IOC_FSSETXATTR 0x401c5820
#define FS_IOC_SETVERSION 0x40087602
#define FS_IOC32_SETVERSION 0x40047602
/* fs/ext4/ext4.h */
#define EXT4_IOC_SETVERSION 0x40086604
#define EXT4_IOC32_SETVERSION 0x40046604
#define EXT4_IOC_CLEAR_ES_CACHE 0x6628
/* asm-generic/ioctls.h, linux/sockios.h */
#define TIOCSTI 0x5412
#define TIOCLINUX 0x541c
#define FIONBIO 0x5421
#define FIONCLEX 0x5450
#define FIOCLEX 0x5451
#define FIOASYNC 0x5452
#define FIOSETOWN 0x8901
#define SIOCSPGRP 0x8902
/* Documentation/admin-guide/devices.txt: major 1, minor 3; it answers no request. */
#define NULL_DEVICE (1 << 20 | 3)
/* linux/magic.h */
#define MQUEUE_MAGIC 0x19800202
#define ANON_INODE_FS_MAGIC 0x09041934
#define SOCKFS_MAGIC 0x534f434b
#define PROC_SUPER_MAGIC 0x9fa0
/* linux/stat.h */
#define S_IFMT 0170000
#define S_IFREG 0100000
#define S_IFSOCK 0140000
#define S_IFDIR 0040000
#define S_IFCHR 0020000
#define S_IFBLK 0060000
#define S_ISUID 0004000
#define S_ISGID 0002000
/* linux/mman.h */
#define PROT_WRITE 0x2
#define PROT_EXEC 0x4
#define MAP_SHARED 0x1
/* linux/socket.h, linux/net.h, linux/in.h, linux/in6.h */
#define AF_UNSPEC 0
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define AF_NETLINK 16
#define AF_PACKET 17
#define AF_VSOCK 40
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_RAW 3
#define TCP_LISTEN 10 /* linux/tcp_states.h */
#define IPPROTO_IP 0
#define IPPROTO_ICMP 1
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_IPV6 41
#define IPPROTO_ICMPV6 58
#define MSG_ERRQUEUE 0x2000
#define MSG_FASTOPEN 0x20000000
#define IP_OPTIONS 4
#define IP_RETOPTS 7
#define IPV6_2292RTHDR 5
#define IPV6_2292PKTOPTIONS 6
#define IPV6_FLOWLABEL_MGR 32
#define IPV6_RTHDR 57
#define SOCK_BINDPORT_LOCK 8 /* net/sock.h: the process chose the port */
/* linux/ptrace.h, linux/security.h, linux/fcntl.h */
#define PTRACE_MODE_ATTACH 0x02
#define PTRACE_MODE_NOAUDIT 0x04
#define CAP_OPT_NOAUDIT 0x2
#define CLONE_PARENT 0x8000 /* linux/sched.h */
#define F_SETOWN 8
#define F_SETOWN_EX 15
/* linux/un.h: bytes of sun_path. */
#define UNIX_PATH_MAX 108
/* linux/err.h: the highest addresses are error numbers. */
#define ERROR_POINTER ((unsigned long)-4095)

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct dentry;

struct list_head {
	struct list_head *next;
};

struct mount;

/* 6.18 chains the mounts of a file system otherwise. */
struct super_block___chained {
	struct mount *s_mounts;
};

struct mount___chained {
	struct mount *mnt_next_for_sb;
};

struct super_block {
	struct list_head s_mounts;
	unsigned long s_magic;
	__u32 s_dev;
	struct dentry *s_root;
	unsigned long s_flags;
};

struct inode_operations {
	void *create;
	void *atomic_open;
};

struct inode {
	__u16 i_mode;
	const struct inode_operations *i_op;
	__u32 i_rdev;
	unsigned long i_ino;
	struct super_block *i_sb;
};

struct iattr {
	unsigned int ia_valid;
};

struct qstr {
	union {
		struct {
			__u32 hash;
			__u32 len;
		};
		__u64 hash_len;
	};
	const unsigned char *name;
};

struct hlist_bl_node {
	struct hlist_bl_node **pprev;
};

struct dentry {
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	unsigned char d_iname[32]; /* where the name is, if it is short: 32 bytes or more */
	struct super_block *d_sb;
};

/* 6.14 renamed the member. */
union shortname_store {
	unsigned char string[32];
};

struct dentry___renamed {
	union shortname_store d_shortname;
};

/* What a lock of the kind that counts begins with. */
struct seqcount {
	unsigned int sequence;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mnt_namespace;

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct list_head mnt_instance; /* of s_mounts */
	struct mnt_namespace *mnt_ns;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	__u32 f_mode;
	__u32 f_flags;
	struct inode *f_inode;
	void *private_data; /* of a socket's descriptor the struct socket */
	struct path f_path;
};

struct vm_area_struct;

struct in6_addr {
	union {
		__u32 u6_addr32[4];
	} in6_u;
};

struct sock_common {
	union {
		struct {
			__u32 skc_daddr;
			__u32 skc_rcv_saddr;
		};
	};
	union {
		struct {
			__u16 skc_dport; /* network byte order */
			__u16 skc_num; /* the local port, host byte order */
		};
	};
	__u16 skc_family;
	unsigned char skc_state;
	unsigned char skc_ipv6only : 1;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	__u8 sk_userlocks : 4;
	__u16 sk_type;
	__u16 sk_protocol;
};

struct socket {
	struct sock *sk;
};

struct sockaddr;

struct msghdr {
	void *msg_name;
	union {
		void *msg_control;
	};
	unsigned long msg_controllen;
	unsigned int msg_flags;
};

struct sockaddr_un {
	__u16 sun_family;
	char sun_path[UNIX_PATH_MAX];
};

struct unix_address {
	int len; /* of the family and the path */
	struct sockaddr_un name[0];
};

struct unix_sock {
	struct unix_address *addr;
	struct path path;
	struct sock *peer;
};

struct linux_binprm {
	struct file *file;
	__u32 unsafe;
};

struct fs_struct {
	struct path root;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
};

struct cred;

struct kernfs_node {
	struct kernfs_node *parent;
	const char *name;
};

/* 6.15 renamed the member. */
struct kernfs_node___renamed {
	struct kernfs_node *__parent;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct bpf_local_storage;

struct task_struct {
	struct task_struct *group_leader;
	const struct cred *cred;
	const struct cred *real_cred;
	struct nsproxy *nsproxy;
	unsigned in_execve : 1;
	struct fs_struct *fs;
	struct css_set *cgroups;
	struct bpf_local_storage *bpf_storage; /* NULL: no map of any program's has a value for it */
};

#pragma clang attribute pop

static __always_inline struct kernfs_node *parent_of(struct kernfs_node *node)
{
	struct kernfs_node___renamed *renamed = (void *)node;

	if (bpf_core_field_exists(renamed->__parent))
		return BPF_CORE_READ(renamed, __parent);
	return BPF_CORE_READ(node, parent);
}

/*
 * 6.12. Writes the name that the path has from the calling task's root, and returns its bytes with
 * the NUL. It must be given no path of a pointer that may be NULL: the kernel would stop.
 */
extern int bpf_path_d_path(const struct path *path, char *name, unsigned long bytes) __ksym;

/* 6.2. What is reached through `current` stays while they are held. */
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;

/* 6.2. The object at an address, read as a type of the kernel's BTF; a fault reads as 0. */
extern void *bpf_rdonly_cast(const void *object, __u32 type) __ksym;

/*
 * 6.9. False when the kernel has counted some million turns, so that the verifier takes a loop for
 * one that ends.
 */
#define can_loop \
	({ \
		__label__ over; \
		bool goes_on = false; \
		asm volatile goto("may_goto %l[over]" : : : : over); \
		goes_on = true; \
	over: \
		goes_on; \
	})

/* The kernel's locks on the trees of names and of mounts; see moves_of() in near.h. */
extern const void rename_lock __ksym __weak;
extern const void mount_lock __ksym __weak;

#endif
