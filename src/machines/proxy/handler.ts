import type { Message } from "./lines.ts";

export type Execute = (command: Message) => Promise<Message>;

/** Handles one kind of commands that name something of the host. */
export interface Handler {
  readonly commands: readonly string[];
  /**
   * Passes a command on, and meanwhile grants what it needs. @throws HostError if no rule can
   * describe that, or it cannot be granted
   */
  pass(command: Message, execute: Execute): Promise<Message>;
  readonly events: readonly string[];
  /** One of `events` came. */
  told(event: Message, execute: Execute): Promise<void>;
}
