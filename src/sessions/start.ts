/** A program for the attendant to start with its client's descriptors, in a new session. */
export interface Start {
  /** An absolute path, then the arguments. */
  readonly command: readonly string[];
  readonly env: Record<string, string>;
  readonly folder: string;
  readonly umask: number;
  /**
   * Standard input is a terminal, and becomes the controlling terminal of the new session, taken
   * from another session if it has one.
   */
  readonly takesTerminal: boolean;
  /**
   * The path of a terminal that takes the place of the client's terminals; null if the program gets
   * the client's own.
   */
  readonly terminal: string | null;
}

/**
 * Texts that each end with a NUL, in the order that native/session/attendant.c reads; an empty text
 * ends the arguments.
 */
export function encodeStart({
  command,
  env,
  folder,
  umask,
  takesTerminal,
  terminal,
}: Start): Buffer {
  const words = [
    String(umask),
    takesTerminal ? "1" : "",
    terminal ?? "",
    folder,
    String(command.length),
    ...command,
    "",
    ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
  ];
  return Buffer.from(words.map((word) => `${word}\0`).join(""));
}
