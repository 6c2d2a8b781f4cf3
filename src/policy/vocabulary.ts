/** What names of system calls mean; `src/kernel/` has the real one, tests build their own. */
export interface Vocabulary {
  /** x86_64 spelling. */
  readonly syscalls: ReadonlySet<string>;
  /** `@name` to the system calls in it, other groups already expanded. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
}
