/**
 * `fcntl.h`, `linux/openat2.h`, `sys/stat.h`, `sys/mman.h`, `linux/fs.h`, `linux/memfd.h`,
 * `linux/close_range.h`.
 */
export const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const W_OK = 2;
export const AT_EACCESS = 0x200;
export const AT_REMOVEDIR = 0x200;
export const AT_SYMLINK_FOLLOW = 0x400;
export const AT_EMPTY_PATH = 0x1000;
export const AT_STATX_DONT_SYNC = 0x4000;

export const O_RDONLY = 0;
export const O_WRONLY = 0o1;
export const O_RDWR = 0o2;
export const O_ACCMODE = 0o3;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_NOCTTY = 0o400;
export const O_TRUNC = 0o1000;
export const O_APPEND = 0o2000;
export const O_NONBLOCK = 0o4000;
export const O_DSYNC = 0o10000;
export const O_ASYNC = 0o20000;
export const O_DIRECT = 0o40000;
/** The kernel sets it in every open of a 64-bit program; libc defines it as 0. */
export const O_LARGEFILE = 0o100000;
export const O_DIRECTORY = 0o200000;
export const O_NOFOLLOW = 0o400000;
export const O_NOATIME = 0o1000000;
export const O_CLOEXEC = 0o2000000;
export const O_SYNC = 0o4010000;
export const O_PATH = 0o10000000;
/**
 * O_TMPFILE without the O_DIRECTORY bit that libc's macro adds: the bit that only O_TMPFILE has.
 */
export const __O_TMPFILE = 0o20000000;
export const O_TMPFILE = 0o20200000;

export const RESOLVE_NO_XDEV = 0x01;
export const RESOLVE_NO_MAGICLINKS = 0x02;
export const RESOLVE_NO_SYMLINKS = 0x04;
export const RESOLVE_BENEATH = 0x08;
export const RESOLVE_IN_ROOT = 0x10;
export const RESOLVE_CACHED = 0x20;

export const RENAME_NOREPLACE = 1 << 0;
export const RENAME_EXCHANGE = 1 << 1;
export const RENAME_WHITEOUT = 1 << 2;

export const S_IFMT = 0o170000;
export const S_IFSOCK = 0o140000;
export const S_IFLNK = 0o120000;
export const S_IFREG = 0o100000;
export const S_IFBLK = 0o060000;
export const S_IFDIR = 0o040000;
export const S_IFCHR = 0o020000;
export const S_IFIFO = 0o010000;
export const S_ISUID = 0o4000;
export const S_ISGID = 0o2000;
export const S_ISVTX = 0o1000;

export const STATX_TYPE = 0x0001;
export const STATX_MODE = 0x0002;
export const STATX_NLINK = 0x0004;
export const STATX_UID = 0x0008;
export const STATX_GID = 0x0010;
export const STATX_CTIME = 0x0080;
export const STATX_INO = 0x0100;
export const STATX_SIZE = 0x0200;
export const STATX_BASIC_STATS = 0x07ff;
export const STATX_BTIME = 0x0800;
export const STATX_MNT_ID = 0x1000;

export const F_DUPFD_CLOEXEC = 1030;
export const F_OFD_GETLK = 36;
export const F_OFD_SETLK = 37;
export const F_WRLCK = 1;
export const F_UNLCK = 2;
export const F_GETFD = 1;
export const F_SETFD = 2;
export const F_GETFL = 3;
export const F_SETFL = 4;
export const F_SETSIG = 10;
export const F_GETOWN_EX = 16;
export const F_OWNER_PGRP = 2;
export const F_SETPIPE_SZ = 1031;
export const F_GETPIPE_SZ = 1032;
/** `asm-generic/ioctls.h` */
export const FIONREAD = 0x541b;
export const F_ADD_SEALS = 1033;
export const F_GET_SEALS = 1034;
export const F_SEAL_SEAL = 0x0001;
export const F_SEAL_SHRINK = 0x0002;
export const F_SEAL_GROW = 0x0004;
export const F_SEAL_WRITE = 0x0008;
export const F_SEAL_EXEC = 0x0020;
export const FD_CLOEXEC = 1;

export const MFD_CLOEXEC = 0x0001;
export const MFD_ALLOW_SEALING = 0x0002;
export const MFD_HUGETLB = 0x0004;
/** Linux 6.3. */
export const MFD_NOEXEC_SEAL = 0x0008;
/** Linux 6.3. */
export const MFD_EXEC = 0x0010;
/** Linux 6.9: a pidfd of one thread; the same bit as O_EXCL (`linux/pidfd.h`). */
export const PIDFD_THREAD = 0o200;
/** `linux/pidfd.h`, since 6.13; with the size of {@link pidfdInfo}. */
export const PIDFD_GET_INFO = 0xc040ff0b;
export const PIDFD_INFO_CREDS = 2;
/** Limit on an extended attribute (`linux/limits.h`), bytes. */
export const XATTR_SIZE_MAX = 65536;

export const PROT_READ = 1;
export const PROT_WRITE = 2;
export const PROT_EXEC = 4;
export const MAP_SHARED = 1;
export const MAP_PRIVATE = 2;
export const MAP_ANONYMOUS = 0x20;

export const SPLICE_F_NONBLOCK = 2;

export const CLOSE_RANGE_UNSHARE = 1 << 1;
export const CLOSE_RANGE_CLOEXEC = 1 << 2;

export const FS_IOC_GETFLAGS = 0x80086601;
export const FS_IOC_SETFLAGS = 0x40086602;
export const FS_IOC_FSGETXATTR = 0x801c581f;
export const FS_IOC_FSSETXATTR = 0x401c5820;
export const TIOCSTI = 0x5412;
export const TIOCLINUX = 0x541c;
export const TIOCSETD = 0x5423;
export const TIOCGWINSZ = 0x5413;
/** `linux/magic.h`: f_type of statfs(2). */
export const PID_FS_MAGIC = 0x50494446;
export const NSFS_MAGIC = 0x6e736673;
export const PROC_SUPER_MAGIC = 0x9fa0;
export const CGROUP2_SUPER_MAGIC = 0x63677270;
