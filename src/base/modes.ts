/** File modes and bit masks, named by what they allow (chmod(2)). */

/** Its owner alone reads and writes it. */
export const PRIVATE_FILE = 0o600;
/** Its owner alone executes it, too. */
export const PRIVATE_PROGRAM = 0o700;
/** Its group reads it. */
export const GROUP_FILE = 0o640;
/** All read it. */
export const PUBLIC_FILE = 0o644;
/** All read and write it, or connect to it. */
export const SHARED_FILE = 0o666;
/** All execute it. */
export const PUBLIC_PROGRAM = 0o755;
/** All execute it as its owner. */
export const SET_USER_ID_PROGRAM = 0o4755;

/** Its owner alone enters it. */
export const PRIVATE_FOLDER = 0o700;
/** All pass through it to names that they know. */
export const PASSABLE_FOLDER = 0o711;
/** All enter and list it. */
export const PUBLIC_FOLDER = 0o755;
/** All make, rename and remove names in it. */
export const SHARED_FOLDER = 0o777;
/** The same, but each name only by its owner: as /tmp. */
export const TEMPORARY_FOLDER = 0o1777;

export const PERMISSION_BITS = 0o777;
/** With set-user-id, set-group-id and sticky. */
export const MODE_BITS = 0o7777;
/** Group or others may write; also the usual umask, which takes that away. */
export const WRITABLE_BY_OTHERS = 0o022;
/** Users who are neither owner nor of the group may write. */
export const WRITABLE_BY_ALL = 0o002;
/** Of a folder: its names are removed by their owners alone. */
export const STICKY = 0o1000;
/** A program with either bit acts for another user or group. */
export const SET_USER_OR_GROUP_ID = 0o6000;
