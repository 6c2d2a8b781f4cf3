/** File systems that answer from memory or a block device, and whose files are stored content. */
export const STORING: ReadonlySet<string> = new Set(
  `ext2 ext3 ext4 xfs btrfs f2fs bcachefs zfs tmpfs ramfs devtmpfs devpts overlay squashfs erofs
  vfat exfat ntfs3 iso9660 udf jfs reiserfs nilfs2 minix rootfs`.split(/\s+/),
);

/**
 * File systems whose regular files are no stored content: reading or writing one asks the kernel,
 * which may go by the process that opened the file.
 */
export const MADE_BY_KERNEL: readonly string[] =
  `hugetlbfs mqueue sysfs cgroup cgroup2 securityfs debugfs tracefs bpf pstore configfs
  efivarfs`.split(/\s+/);
