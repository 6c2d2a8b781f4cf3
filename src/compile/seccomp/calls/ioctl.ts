import { FS_IOC_FSSETXATTR, FS_IOC_SETFLAGS, TIOCLINUX, TIOCSETD, TIOCSTI } from "../../../kernel/constants.ts";
import type { CallRow } from "../call-row.ts";
import { allow, ifOneOf, notify, refuse } from "../verdict.ts";

/** `asm-generic/ioctls.h`: takes over the console's output. */
const TIOCCONS = 0x541d;
/** `asm-generic/sockios.h`: who gets SIGIO and SIGURG of a socket. */
const FIOSETOWN = 0x8901;
const SIOCSPGRP = 0x8902;

/** Requests that change metadata or names through a descriptor that may only read, past every Landlock right. */
const inodeRequests = {
  FS_IOC_SETFLAGS,
  FS_IOC_FSSETXATTR,
  /** `linux/fs.h`: generation number. */
  FS_IOC_SETVERSION: 0x40087602,
  EXT4_IOC_SETVERSION: 0x40086604,
  /** `fs/ext4/ext4.h`: rewrites how the file's blocks are found. */
  EXT4_IOC_MIGRATE: 0x6609,
  /** `linux/fsverity.h`: the file can never be written again. */
  FS_IOC_ENABLE_VERITY: 0x40806685,
  /** `linux/fscrypt.h`. */
  FS_IOC_SET_ENCRYPTION_POLICY: 0x800c6613,
  /** Keys of the whole file system: taking one away locks other processes' files. */
  FS_IOC_ADD_ENCRYPTION_KEY: 0xc0506617,
  FS_IOC_REMOVE_ENCRYPTION_KEY: 0xc0406618,
  /** `linux/msdos_fs.h`. */
  FAT_IOCTL_SET_ATTRIBUTES: 0x40047211,
  /** `linux/btrfs.h`: subvolumes and snapshots are made and removed without the hooks that see names. */
  BTRFS_IOC_SNAP_CREATE: 0x50009401,
  BTRFS_IOC_SUBVOL_CREATE: 0x5000940e,
  BTRFS_IOC_SNAP_DESTROY: 0x5000940f,
  BTRFS_IOC_SNAP_CREATE_V2: 0x50009417,
  BTRFS_IOC_SUBVOL_CREATE_V2: 0x50009418,
  BTRFS_IOC_SUBVOL_SETFLAGS: 0x4008941a,
  BTRFS_IOC_SNAP_DESTROY_V2: 0x5000943f,
};

/** Requests that push input into a terminal or change what it is, also through an inherited descriptor. */
const terminalRequests = { TIOCSTI, TIOCLINUX, TIOCSETD, TIOCCONS };

export const ioctlCalls: readonly CallRow[] = [
  {
    calls: ["ioctl"],
    class: "ioctl",
    applies: "listed",
    why: `by the 32 bits the kernel looks at. Refused: ${Object.keys(terminalRequests).join(", ")}. Asked about: ${Object.keys(inodeRequests).join(", ")}; FIOSETOWN and SIOCSPGRP too where signals are not Landlock's`,
    verdict: (context) => {
      const asked = [...Object.values(inodeRequests), ...(context.signalsHeld ? [] : [FIOSETOWN, SIOCSPGRP])];
      return ifOneOf(1, Object.values(terminalRequests), refuse, ifOneOf(1, asked, notify, allow));
    },
  },
];
