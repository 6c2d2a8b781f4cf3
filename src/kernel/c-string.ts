/**
 * The bytes of `text` and a NUL; a text that holds a NUL itself would name another file and is
 * refused.
 */
export function cString(text: string): Buffer {
  if (text.includes("\0"))
    throw new TypeError(`a path cannot hold a NUL byte: ${JSON.stringify(text)}`);
  return Buffer.from(`${text}\0`);
}
