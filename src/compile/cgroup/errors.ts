export class CgroupTableError extends Error {
  override readonly name = "CgroupTableError";
}

/** The domain must not start. The message says what to do. */
export class AnchorError extends Error {
  override readonly name = "AnchorError";
}
