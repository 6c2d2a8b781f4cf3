declare const brand: unique symbol;

/**
 * An error number of the kernel, positive, as in errno(3). A failed system call returns it negated;
 * {@link errnoOf} converts.
 */
export type Errno = number & { readonly [brand]: "Errno" };

/** The error number of a failed call's negative result. */
export function errnoOf(failed: number): Errno {
  return -failed as Errno;
}
