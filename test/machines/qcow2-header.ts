interface Hostile {
  readonly parentAt: number;
  readonly parentBytes: number;
  readonly parent?: string;
  readonly extension?: number;
}

/** A header of qcow2, version 3, that says these things and nothing else. */
export function header({ parentAt, parentBytes, parent = "", extension = 0 }: Hostile): Buffer {
  const bytes = Buffer.alloc(4096);
  bytes.writeUInt32BE(0x514649fb, 0);
  bytes.writeUInt32BE(3, 4);
  bytes.writeBigUInt64BE(BigInt(parentAt), 8);
  bytes.writeUInt32BE(parentBytes, 16);
  bytes.writeUInt32BE(104, 100);
  if (extension !== 0) {
    bytes.writeUInt32BE(1, 104);
    bytes.writeUInt32BE(extension, 108);
  }
  bytes.write(parent.padEnd(parentBytes, "x").slice(0, parentBytes), 200);
  return bytes;
}

/** A header that names a parent. */
export function cloneOf(parent: string, format = "raw"): Buffer {
  const bytes = header({ parentAt: 200, parentBytes: parent.length, parent });
  bytes.writeUInt32BE(0xe2792aca, 104);
  bytes.writeUInt32BE(format.length, 108);
  bytes.write(format, 112);
  return bytes;
}
