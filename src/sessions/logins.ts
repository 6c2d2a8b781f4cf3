/** What was known when a sandboxed shell began. */
export interface Login {
  /** Where it came from, as {@link import("./origin.ts").originOf} tells; null at a console. */
  readonly origin: string | null;
}

/**
 * Shells that are open, by the process id of their run. A server that is started anew knows none of
 * those before.
 */
export type Logins = Map<number, Login>;
