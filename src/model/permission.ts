/**
 * What may be done to a name: a set of bits, one per operation class on names.
 *
 * The bits are part of the automaton's binary form (see `docs/automaton.md`) and of the plan; never
 * renumber them.
 */
export const Permission = {
  /** Open for reading; list a directory. Letter `r`. */
  read: 0x001,
  /** Open an existing file for writing, append, truncate. Letter `w`. */
  write: 0x002,
  /**
   * Make a new name: file, directory, fifo, symbolic link, hard link, target of a rename. Letter
   * `c`.
   */
  create: 0x004,
  /** Remove a name: unlink, rmdir, source or replaced target of a rename. Letter `d`. */
  delete: 0x008,
  /** Execute. Letter `x`. */
  execute: 0x010,
  /** Map for execution. Letter `m`. Sealed domains are not asked. */
  map: 0x020,
  /** Change mode, owner, times, extended attributes. Letter `a`. */
  attributes: 0x040,
  /** ioctl on a device. Letter `i`. */
  ioctl: 0x080,
  /**
   * Connect or send to the unix socket of that name. Written `connect unix NAME` under `network`.
   */
  connect: 0x100,
  /** Bind a unix socket to that name. Written `listen unix NAME` under `network`. */
  listen: 0x200,
} as const;

export type PermissionName = keyof typeof Permission;

/** A set of {@link Permission} bits. */
export type PermissionSet = number;

export const allPermissions: PermissionSet = Object.values(Permission).reduce(
  (set, bit) => set | bit,
  0,
);

/**
 * What makes or removes a name. All else is done to the object that has it: bind(2) makes the name,
 * and fails with EADDRINUSE if it is there.
 */
export const OF_THE_NAME: PermissionSet = Permission.create | Permission.delete | Permission.listen;
export const OF_THE_OBJECT: PermissionSet = allPermissions & ~OF_THE_NAME;

/** In canonical order. */
export const permissionLetters = {
  r: Permission.read,
  w: Permission.write,
  c: Permission.create,
  d: Permission.delete,
  x: Permission.execute,
  m: Permission.map,
  a: Permission.attributes,
  i: Permission.ioctl,
} as const satisfies Record<string, PermissionSet>;

/** E.g. `rwcd`, in canonical order; bits without a letter are left out. */
export function formatLetters(set: PermissionSet): string {
  return Object.entries(permissionLetters)
    .filter(([, bit]) => (set & bit) !== 0)
    .map(([letter]) => letter)
    .join("");
}
