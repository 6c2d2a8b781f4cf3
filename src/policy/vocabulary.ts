/** Names of system calls and groups. `src/kernel/` has the real one; tests build their own. */
export interface Vocabulary {
  /** x86_64 spelling. */
  readonly syscalls: ReadonlySet<string>;
  /** `@name` to its system calls, other groups already expanded. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
}
