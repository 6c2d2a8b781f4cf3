/** `linux/landlock.h`; flags of ABI 7 and later are newer than Debian 13's headers. */
export const LANDLOCK_CREATE_RULESET_VERSION = 1 << 0;
export const LANDLOCK_CREATE_RULESET_ERRATA = 1 << 1;

/** ABI 7. */
export const LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF = 1 << 0;
/** ABI 7. Denials of programs executed later are recorded only with this. */
export const LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON = 1 << 1;
/** ABI 7. */
export const LANDLOCK_RESTRICT_SELF_LOG_SUBDOMAINS_OFF = 1 << 2;

export const LANDLOCK_RULE_PATH_BENEATH = 1;
export const LANDLOCK_RULE_NET_PORT = 2;

export const LANDLOCK_ACCESS_FS_EXECUTE = 1n << 0n;
export const LANDLOCK_ACCESS_FS_WRITE_FILE = 1n << 1n;
export const LANDLOCK_ACCESS_FS_READ_FILE = 1n << 2n;
export const LANDLOCK_ACCESS_FS_READ_DIR = 1n << 3n;
export const LANDLOCK_ACCESS_FS_REMOVE_DIR = 1n << 4n;
export const LANDLOCK_ACCESS_FS_REMOVE_FILE = 1n << 5n;
export const LANDLOCK_ACCESS_FS_MAKE_CHAR = 1n << 6n;
export const LANDLOCK_ACCESS_FS_MAKE_DIR = 1n << 7n;
export const LANDLOCK_ACCESS_FS_MAKE_REG = 1n << 8n;
export const LANDLOCK_ACCESS_FS_MAKE_SOCK = 1n << 9n;
export const LANDLOCK_ACCESS_FS_MAKE_FIFO = 1n << 10n;
export const LANDLOCK_ACCESS_FS_MAKE_BLOCK = 1n << 11n;
export const LANDLOCK_ACCESS_FS_MAKE_SYM = 1n << 12n;
/** ABI 2. */
export const LANDLOCK_ACCESS_FS_REFER = 1n << 13n;
/** ABI 3. */
export const LANDLOCK_ACCESS_FS_TRUNCATE = 1n << 14n;
/** ABI 5. */
export const LANDLOCK_ACCESS_FS_IOCTL_DEV = 1n << 15n;
/** ABI 9: connecting and sending to a pathname unix socket. */
export const LANDLOCK_ACCESS_FS_RESOLVE_UNIX = 1n << 16n;

/** ABI 4. */
export const LANDLOCK_ACCESS_NET_BIND_TCP = 1n << 0n;
/** ABI 4. */
export const LANDLOCK_ACCESS_NET_CONNECT_TCP = 1n << 1n;

/** ABI 6. */
export const LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET = 1n << 0n;
/** ABI 6. */
export const LANDLOCK_SCOPE_SIGNAL = 1n << 1n;
