/** A text with a NUL inside would name another file, so it is refused. */
export function cString(text: string): Buffer {
  if (text.includes("\0"))
    throw new TypeError(`a path cannot hold a NUL byte: ${JSON.stringify(text)}`);
  return Buffer.from(`${text}\0`);
}
