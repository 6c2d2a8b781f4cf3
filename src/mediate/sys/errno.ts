declare const brand: unique symbol;

/**
 * An error number of the kernel, positive, as errno(3) lists them. What a system call returned is
 * no such number: there an error is negated, and {@link errnoOf} takes it out.
 */
export type Errno = number & { readonly [brand]: "Errno" };

/** Of what a system call returned, which is negative. */
export function errnoOf(failed: number): Errno {
  return -failed as Errno;
}
