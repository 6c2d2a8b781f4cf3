/**
 * What client and server send each other over a stream socket. The client is native/session/. It
 * sends its descriptors 0, 1 and 2 with the first byte, then a request, then one byte for each
 * signal that it gets. The server answers once, at the end: one byte of exit status, and words for
 * standard error.
 */

/** The client's own words. Decisions rest on what the kernel says about the peer instead. */
export interface Request {
  /**
   * The name under which the client was started, without a directory: `cofferdam-login`,
   * `supershell`, `cofferdam`.
   */
  readonly program: string;
  /** Without the name. */
  readonly args: readonly string[];
  /** The working directory; empty if it has no path. */
  readonly folder: string;
  readonly env: ReadonlyMap<string, string>;
}

export const DESCRIPTORS = 3;

/** The length of the body, little-endian. */
export const HEADER_BYTES = 4;

export class WireError extends Error {}

/** The length of the body; null until the header is complete. */
export function lengthOf(bytes: Buffer, max: number): number | null {
  if (bytes.length < HEADER_BYTES) return null;
  const length = bytes.readUInt32LE(0);
  if (length > max) throw new WireError(`a request has at most ${max} bytes`);
  return length;
}

/**
 * Texts that each end with a NUL: program, folder, number of arguments, the arguments, then each
 * `NAME=VALUE`. They are UTF-8, as Node passes them on.
 */
export function parseRequest(body: Buffer): Request {
  if (body.length === 0 || body[body.length - 1] !== 0)
    throw new WireError("a request ends with a NUL");
  const [program = "", folder = "", count = "", ...rest] = body
    .toString("utf8", 0, body.length - 1)
    .split("\0");
  if (!/^\d{1,6}$/.test(count) || Number(count) > rest.length)
    throw new WireError("a request says how many arguments it has");
  const env = new Map<string, string>();
  for (const variable of rest.slice(Number(count))) {
    const equals = variable.indexOf("=");
    // The first one counts, as for getenv(3).
    if (equals > 0 && !env.has(variable.slice(0, equals)))
      env.set(variable.slice(0, equals), variable.slice(equals + 1));
  }
  return { program, folder, args: rest.slice(0, Number(count)), env };
}

export function encodeAnswer(status: number, words: string): Buffer {
  return Buffer.concat([Buffer.from([status]), Buffer.from(words)]);
}
