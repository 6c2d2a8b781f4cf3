declare const brand: unique symbol;

/** Positive, as in errno(3). A failed system call returns it negated; {@link errnoOf} converts. */
export type Errno = number & { readonly [brand]: "Errno" };

export function errnoOf(failed: number): Errno {
  return -failed as Errno;
}
