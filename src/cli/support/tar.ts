/** A file of an archive. `name` has at most 100 bytes, its folder 155. */
export interface TarEntry {
  readonly name: string;
  readonly bytes: Buffer;
}

const BLOCK_BYTES = 512;
/** Only the user who unpacks it may read it. */
const MODE = "0000600";

/** A ustar archive (POSIX.1-2017, pax) of files in one folder; `time`: seconds since 1970. */
export function tarOf(folder: string, entries: readonly TarEntry[], time: number): Buffer {
  const blocks = entries.flatMap(({ name, bytes }) => [
    headerOf(folder, name, bytes.length, time),
    bytes,
    Buffer.alloc(-bytes.length & (BLOCK_BYTES - 1)),
  ]);
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)]);
}

function headerOf(folder: string, name: string, size: number, time: number): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES);
  const put = (text: string, at: number, room: number): void => {
    if (Buffer.byteLength(text) > room)
      throw new RangeError(`\`${text}\` has no room in the header of an archive`);
    header.write(text, at, "utf8");
  };
  put(name, 0, 100);
  put(`${MODE}\0`, 100, 8);
  put("0000000\0", 108, 8);
  put("0000000\0", 116, 8);
  put(`${size.toString(8).padStart(11, "0")}\0`, 124, 12);
  put(`${time.toString(8).padStart(11, "0")}\0`, 136, 12);
  // The checksum is computed with blanks in its own field.
  put(" ".repeat(8), 148, 8);
  put("0", 156, 1);
  put("ustar\u000000", 257, 8);
  put(folder, 345, 155);
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, "0")}\0 `, 148, 8);
  return header;
}
