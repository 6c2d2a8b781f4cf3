import type { FileKey } from "../log/places.ts";
import type { Item } from "./item.ts";

/** Where a text file ended when its forwarder's state was taken. */
export interface SinkState {
  readonly file: FileKey;
  readonly size: number;
}

export interface Sink {
  /** Delivers items in order, and returns how many. If some must wait, `why` says for what. */
  deliver(items: readonly Item[]): { readonly delivered: number; readonly why: string | null };
  /** What {@link restore} needs; null if the sink cannot take anything back. */
  state(): SinkState | null;
  /**
   * Removes what was delivered after `state` was taken, by a forwarder that was killed before it
   * saved its progress.
   */
  restore(state: SinkState): void;
  close(): void;
}
