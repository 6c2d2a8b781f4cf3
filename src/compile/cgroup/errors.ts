/** A policy whose tables are too large for the kernel programs. */
export class CgroupTableError extends Error {
  override readonly name = "CgroupTableError";
}

/** A cgroup that cannot be made: the domain must not start. The message says what to do. */
export class AnchorError extends Error {
  override readonly name = "AnchorError";
}
