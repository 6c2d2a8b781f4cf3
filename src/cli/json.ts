import { printableJson } from "../base/printable.ts";

/**
 * JSON as commands print it: indented by two spaces, with a final newline, big integers as decimal
 * strings, bytes as hexadecimal, and safe on a terminal.
 */
export function toJson(value: unknown): string {
  return `${printableJson(JSON.stringify(value, replaceUnknownKinds, 2))}\n`;
}

function replaceUnknownKinds(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value;
}
