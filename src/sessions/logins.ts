export interface Login {
  /** The remote end, by {@link import("./origin.ts").originOf}; null at a console. */
  readonly origin: string | null;
}

/**
 * Open shells, by the process id of their run. A restarted server does not know the shells of its
 * predecessor.
 */
export type Logins = Map<number, Login>;
