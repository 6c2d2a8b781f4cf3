/**
 * Arguments of system calls that a sealed domain may not pass, or only through the mediator. The
 * filter compares them and events name them. These numbers come from headers that few systems
 * install; `constants.ts` has the others.
 */
import {
  FS_IOC_FSSETXATTR,
  FS_IOC_SETFLAGS,
  LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF,
  LANDLOCK_RESTRICT_SELF_LOG_SUBDOMAINS_OFF,
  TIOCLINUX,
  TIOCSETD,
  TIOCSTI,
} from "./constants.ts";

/**
 * landlock_restrict_self: each of these flags keeps denials of this process, or of domains that it
 * makes later, out of the kernel's records.
 */
export const LANDLOCK_LOG_OFF_FLAGS =
  LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF | LANDLOCK_RESTRICT_SELF_LOG_SUBDOMAINS_OFF;

/**
 * ioctl requests that change metadata or names through a read-only descriptor and bypass every
 * Landlock right.
 */
export const inodeRequests = {
  FS_IOC_SETFLAGS,
  FS_IOC_FSSETXATTR,
  /** `linux/fs.h`: generation number. */
  FS_IOC_SETVERSION: 0x40087602,
  EXT4_IOC_SETVERSION: 0x40086604,
  /** `fs/ext4/ext4.h`: changes how the file's blocks are found. */
  EXT4_IOC_MIGRATE: 0x6609,
  /** `fs/ext4/ext4.h`: allocates delayed blocks; drops cached extents. */
  EXT4_IOC_ALLOC_DA_BLKS: 0x660c,
  EXT4_IOC_CLEAR_ES_CACHE: 0x6628,
  /** `linux/f2fs.h`: pins the file's blocks. */
  F2FS_IOC_SET_PIN_FILE: 0x4004f50d,
  /** `fs/ocfs2/ocfs2_fs.h`: makes a file at a path in memory. */
  OCFS2_IOC_REFLINK: 0x40186f04,
  /** `linux/fsverity.h`: makes the file read-only for good. */
  FS_IOC_ENABLE_VERITY: 0x40806685,
  /** `linux/fscrypt.h`. */
  FS_IOC_SET_ENCRYPTION_POLICY: 0x800c6613,
  /** Keys of the whole file system: removing one locks other processes' files. */
  FS_IOC_ADD_ENCRYPTION_KEY: 0xc0506617,
  FS_IOC_REMOVE_ENCRYPTION_KEY: 0xc0406618,
  /** `linux/msdos_fs.h`. */
  FAT_IOCTL_SET_ATTRIBUTES: 0x40047211,
  /**
   * `linux/btrfs.h`: makes and removes subvolumes and snapshots without the hooks that check names.
   */
  BTRFS_IOC_SNAP_CREATE: 0x50009401,
  BTRFS_IOC_SUBVOL_CREATE: 0x5000940e,
  BTRFS_IOC_SNAP_DESTROY: 0x5000940f,
  BTRFS_IOC_SNAP_CREATE_V2: 0x50009417,
  BTRFS_IOC_SUBVOL_CREATE_V2: 0x50009418,
  BTRFS_IOC_SUBVOL_SETFLAGS: 0x4008941a,
  BTRFS_IOC_SNAP_DESTROY_V2: 0x5000943f,
  /** `fs/bcachefs/bcachefs_ioctl.h`, until 6.17: likewise by paths; attributes by a name. */
  BCH_IOCTL_SUBVOLUME_CREATE: 0x4020bc10,
  BCH_IOCTL_SUBVOLUME_DESTROY: 0x4020bc11,
  BCHFS_IOC_REINHERIT_ATTRS: 0x8008bc40,
  /** `linux/btrfs.h`: rewrites a file through any descriptor, for a process that may write it. */
  BTRFS_IOC_DEFRAG: 0x50009402,
  BTRFS_IOC_DEFRAG_RANGE: 0x40309410,
  BTRFS_IOC_SET_RECEIVED_SUBVOL: 0xc0c89425,
};

/**
 * ioctl requests for the contents of a whole file system, by a descriptor of any of its files, with
 * CAP_SYS_ADMIN. They lead out of a domain like open_by_handle_at(2).
 */
export const wholeFileSystemRequests = {
  /**
   * `linux/btrfs.h`: every item of a tree, including small files' contents; a subvolume's files.
   */
  BTRFS_IOC_TREE_SEARCH: 0xd0009411,
  BTRFS_IOC_TREE_SEARCH_V2: 0xc0709411,
  BTRFS_IOC_SEND: 0x40489426,
  /** `fs/xfs/libxfs/xfs_fs.h`: a file, its link or its attributes by handle. */
  XFS_IOC_OPEN_BY_HANDLE: 0xc038586b,
  XFS_IOC_READLINK_BY_HANDLE: 0xc038586c,
  XFS_IOC_ATTRLIST_BY_HANDLE: 0x4058587a,
  XFS_IOC_ATTRMULTI_BY_HANDLE: 0x4048587b,
} as const;

/**
 * ioctl requests that push input into a terminal or change its type, also by an inherited
 * descriptor.
 */
export const terminalRequests = {
  TIOCSTI,
  TIOCLINUX,
  TIOCSETD,
  /** `asm-generic/ioctls.h`: redirects the console's output. */
  TIOCCONS: 0x541d,
};

/**
 * ioctl, `linux/pidfd.h`: the high byte of a pidfd's requests, and the low byte of PIDFD_GET_INFO.
 */
export const pidfdRequests = { magic: 0xff, info: 11 };

/** ioctl, `asm-generic/ioctls.h`: makes a terminal the controlling one of the caller's session. */
export const TIOCSCTTY = 0x540e;

/** ioctl, `asm-generic/ioctls.h`: signals for input, like F_SETFL with O_ASYNC. */
export const FIOASYNC = 0x5452;

/** ioctl, `asm-generic/sockios.h`: sets the receiver of a socket's SIGIO and SIGURG. */
export const socketOwnerRequests = { FIOSETOWN: 0x8901, SIOCSPGRP: 0x8902 };

/** ioctl, `linux/if_tun.h`: attaches an open /dev/net/tun to an interface by name. */
export const TUNSETIFF = 0x400454ca;

/** fcntl, `linux/fcntl.h`: sets the receiver of a descriptor's SIGIO. */
export const ownerCommands = { F_SETOWN: 8, F_SETOWN_EX: 15 };

/** setsockopt, `linux/in.h`, `linux/in6.h`: replace the judged address by another next hop. */
export const routeOptions4 = { IP_OPTIONS: 4 };
export const routeOptions6 = { IPV6_2292PKTOPTIONS: 6, IPV6_2292RTHDR: 5, IPV6_RTHDR: 57 };

/**
 * setsockopt, `linux/in6.h`: a flow label. Behind its `struct in6_flowlabel_req` it may carry
 * control data, which may contain a route (fl_create, `net/ipv6/ip6_flowlabel.c`).
 */
export const labelOptions = { IPV6_FLOWLABEL_MGR: 32 };
/** Of a `struct in6_flowlabel_req` alone. */
export const FLOW_LABEL_REQUEST_BYTES = 32;

/** personality, `linux/personality.h`: bits above the number of the emulated system. */
export const personalityBits = {
  UNAME26: 0x0020000,
  ADDR_NO_RANDOMIZE: 0x0040000,
  FDPIC_FUNCPTRS: 0x0080000,
  MMAP_PAGE_ZERO: 0x0100000,
  ADDR_COMPAT_LAYOUT: 0x0200000,
  READ_IMPLIES_EXEC: 0x0400000,
  ADDR_LIMIT_32BIT: 0x0800000,
  SHORT_INODE: 0x1000000,
  WHOLE_SECONDS: 0x2000000,
  STICKY_TIMEOUTS: 0x4000000,
  ADDR_LIMIT_3GB: 0x8000000,
};

/** ptrace requests (`linux/ptrace.h`) that write into memory that the tracee may not write. */
export const pokeRequests = { PTRACE_POKETEXT: 4, PTRACE_POKEDATA: 5 };
