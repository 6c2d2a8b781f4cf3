/** `sys/mount.h`: views of mounts (mount_setattr(2), fsopen(2), move_mount(2)). */
export const OPEN_TREE_CLONE = 1;
export const MOVE_MOUNT_F_EMPTY_PATH = 0x4;
export const FSCONFIG_SET_STRING = 1;
export const FSCONFIG_CMD_CREATE = 6;
export const MS_REC = 0x4000;
export const MS_PRIVATE = 1 << 18;
export const FSOPEN_CLOEXEC = 0x1;
export const FSMOUNT_CLOEXEC = 0x1;
