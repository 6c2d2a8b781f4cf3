/** A change of a setting for which everything that can fail has been tried. */
export interface PreparedChange {
  /**
   * The way back for a user who is locked out: it works even if no event about it can be written.
   */
  readonly isRescue: boolean;
  /** Takes effect whole or not at all. */
  place(): Promise<void>;
  discard(): void;
  /** What the administrator must know or do, a sentence each. */
  readonly next: readonly string[];
}
