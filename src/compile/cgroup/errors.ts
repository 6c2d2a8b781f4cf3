/** A policy whose tables are larger than the kernel programs take. */
export class CgroupTableError extends Error {
  override readonly name = "CgroupTableError";
}

/** A cgroup that cannot be had: the domain must not start. The message says what to do. */
export class AnchorError extends Error {
  override readonly name = "AnchorError";
}
