/** A change of a setting for which everything that can fail has been tried. */
export interface PreparedChange {
  /**
   * The way back for somebody who is locked out: goes through also where no event can be written of
   * it.
   */
  readonly isRescue: boolean;
  /** Puts it in force, whole or not at all. */
  place(): Promise<void>;
  /** Takes back what was prepared. */
  discard(): void;
  /** What the administrator must know or do, a sentence each. */
  readonly next: readonly string[];
}
