/**
 * What client and server say to each other over a stream socket. The client is native/session/:
 * with the first byte come its descriptors 0, 1 and 2; then a request, and afterwards one byte for
 * each signal that it got. The server answers once, at the end: one byte of exit status and words
 * for standard error.
 */

/** The client's own words: nothing in here is to be believed but what the kernel says beside it. */
export interface Request {
  /**
   * Name under which the client was started, without a folder: `cofferdam-login`, `supershell`,
   * `cofferdam`.
   */
  readonly program: string;
  /** Behind the name. */
  readonly args: readonly string[];
  /** Working directory; empty where it has none that can be named. */
  readonly folder: string;
  readonly env: ReadonlyMap<string, string>;
}

/** Descriptors 0, 1 and 2. */
export const DESCRIPTORS = 3;

/** Length of what follows, little-endian. */
export const HEADER_BYTES = 4;

export class WireError extends Error {}

/** The length of a request by its header; null while the header is not whole. */
export function lengthOf(bytes: Buffer, max: number): number | null {
  if (bytes.length < HEADER_BYTES) return null;
  const length = bytes.readUInt32LE(0);
  if (length > max) throw new WireError(`a request has at most ${max} bytes`);
  return length;
}

/**
 * Texts that end with a NUL: program, folder, number of arguments, the arguments, then `NAME=VALUE`
 * each. In UTF-8, as Node passes words on.
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
    // The first counts, as for getenv(3).
    if (equals > 0 && !env.has(variable.slice(0, equals)))
      env.set(variable.slice(0, equals), variable.slice(equals + 1));
  }
  return { program, folder, args: rest.slice(0, Number(count)), env };
}

export function encodeAnswer(status: number, words: string): Buffer {
  return Buffer.concat([Buffer.from([status]), Buffer.from(words)]);
}
