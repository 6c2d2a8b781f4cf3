/** A program that an attendant starts with its client's descriptors, in a session of its own. */
export interface Start {
  /** Absolute; its arguments follow. */
  readonly command: readonly string[];
  readonly env: Record<string, string>;
  readonly folder: string;
  readonly umask: number;
  /**
   * Standard input is a terminal, and becomes the one of the new session, also where it is another
   * session's.
   */
  readonly takesTerminal: boolean;
  /**
   * A terminal that comes in the place of those of the client's, by a path; null where the program
   * has theirs.
   */
  readonly terminal: string | null;
}

/**
 * Texts that end with a NUL, in the order of native/session/attendant.c; an empty one ends the
 * arguments.
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
