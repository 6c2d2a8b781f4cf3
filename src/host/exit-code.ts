/** `run` passes the daemon's own status on and uses 125 to 127 like env(1) and timeout(1). */
export const ExitCode = {
  /** Done without findings. */
  ok: 0,
  /**
   * Done, and the answer is no: errors in a policy, access denied, drift, a host that cannot hold a
   * domain.
   */
  no: 1,
  /** Invalid command line. */
  usage: 2,
  /** No answer: no such domain, an unreadable file, a missing privilege. */
  unavailable: 3,
  /** A fault of Cofferdam itself. */
  internal: 70,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
