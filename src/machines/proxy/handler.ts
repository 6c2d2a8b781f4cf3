import type { Message } from "./lines.ts";

/** Asks the emulator; its answer. */
export type Execute = (command: Message) => Promise<Message>;

/** One kind of commands that name something of the host. */
export interface Handler {
  readonly commands: readonly string[];
  /**
   * Passes one of them on, with what it needs granted meanwhile. @throws HostError for what no rule
   * can describe, or that cannot be granted
   */
  pass(command: Message, execute: Execute): Promise<Message>;
  readonly events: readonly string[];
  /** One of these events came. */
  told(event: Message, execute: Execute): Promise<void>;
}
