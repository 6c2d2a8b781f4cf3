import type { FileKey } from "../log/places.ts";
import type { Item } from "./item.ts";

/** Where a text file ended when its forwarder's state was taken. */
export interface SinkState {
  readonly file: FileKey;
  readonly size: number;
}

/** Where forwarded events go. */
export interface Sink {
  /**
   * Delivers in order, and returns how many: fewer than all where the rest has to wait. `why` says
   * what for.
   */
  deliver(items: readonly Item[]): { readonly delivered: number; readonly why: string | null };
  /** What has to be known to take back what comes after; null where nothing can be taken back. */
  state(): SinkState | null;
  /**
   * Takes back what was delivered after `state` was taken, by a forwarder that did not live to save
   * that.
   */
  restore(state: SinkState): void;
  close(): void;
}
