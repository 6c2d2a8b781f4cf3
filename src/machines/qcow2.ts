import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

/**
 * Bytes read from the start. QEMU keeps all that is read here within the first cluster, which has
 * 64 KiB by default and at most 2 MiB.
 */
const HEADER_BYTES_MAX = 65_536;
/** Longest name of a parent in QEMU, bytes. */
const NAME_BYTES_MAX = 1_023;

const MAGIC = 0x514649fb;
const VERSION_2_BYTES = 72;
const EXTERNAL_DATA = 1n << 2n;
const extensions = { end: 0, parentFormat: 0xe2792aca, dataFile: 0x44415441 } as const;

/** The other files that a qcow2 image names, as it writes the names; null for none. */
export interface Qcow2Header {
  readonly parent: string | null;
  readonly parentFormat: string | null;
  readonly dataFile: string | null;
}

/**
 * Reads the header as QEMU's docs/interop/qcow2.rst describes it. Root must run no other program on
 * an image, because the guest and the emulator can write to it. Throws the system's error, or
 * RangeError if the bytes are no such header.
 */
export function readQcow2(path: string): Qcow2Header {
  const bytes = beginning(path);
  if (bytes.length < VERSION_2_BYTES || bytes.readUInt32BE(0) !== MAGIC)
    throw new RangeError("it is not a qcow2 image");
  const version = bytes.readUInt32BE(4);
  if (version !== 2 && version !== 3) throw new RangeError(`it is qcow2 of version ${version}`);
  const parentAt = Number(bytes.readBigUInt64BE(8));
  const parentBytes = bytes.readUInt32BE(16);
  if (parentBytes > NAME_BYTES_MAX) throw new RangeError("its parent's name is too long");
  if (parentAt + parentBytes > bytes.length)
    throw new RangeError("its parent's name lies outside the header");
  const found = readExtensions(bytes, version === 2 ? VERSION_2_BYTES : bytes.readUInt32BE(100));
  const isExternal = version === 3 && (bytes.readBigUInt64BE(72) & EXTERNAL_DATA) !== 0n;
  if (isExternal && found.dataFile === null)
    throw new RangeError("its data lie in another file, which it does not name");
  return {
    parent: parentAt === 0 ? null : bytes.toString("utf8", parentAt, parentAt + parentBytes),
    parentFormat: found.parentFormat,
    dataFile: isExternal ? found.dataFile : null,
  };
}

function readExtensions(bytes: Buffer, start: number): Omit<Qcow2Header, "parent"> {
  let [parentFormat, dataFile]: [string | null, string | null] = [null, null];
  for (let at = start; ; ) {
    if (at + 8 > bytes.length) throw new RangeError("its header extensions do not end");
    const [type, length] = [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)];
    if (type === extensions.end) return { parentFormat, dataFile };
    if (at + 8 + length > bytes.length)
      throw new RangeError("a header extension is longer than the header");
    const text = bytes.toString("utf8", at + 8, at + 8 + length).replace(/\0+$/, "");
    if (type === extensions.parentFormat) parentFormat = text;
    if (type === extensions.dataFile) dataFile = text;
    at += 8 + Math.ceil(length / 8) * 8;
  }
}

/** With O_NONBLOCK the open of a FIFO does not block, and the FIFO is refused. */
function beginning(path: string): Buffer {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile() && !stats.isBlockDevice())
      throw new RangeError("it is neither a file nor a block device");
    const bytes = Buffer.alloc(HEADER_BYTES_MAX);
    return bytes.subarray(0, readSync(fd, bytes, 0, HEADER_BYTES_MAX, 0));
  } finally {
    closeSync(fd);
  }
}
