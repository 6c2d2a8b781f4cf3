import type { StringReader } from "./record.ts";

export class PlanFormatError extends Error {
  override readonly name = "PlanFormatError";
  readonly offset: number;

  constructor(offset: number, problem: string) {
    super(`byte ${offset}: ${problem}`);
    this.offset = offset;
  }
}

/** Throws PlanFormatError for an offset outside or a string without a NUL. */
export function planStrings(
  bytes: Uint8Array,
  range: { readonly offset: number; readonly length: number },
): StringReader {
  const section = bytes.subarray(range.offset, range.offset + range.length);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  if (section[section.length - 1] !== 0)
    throw new PlanFormatError(range.offset, "strings do not end with NUL");
  return {
    at(offset, position) {
      if (offset >= section.length)
        throw new PlanFormatError(position, `string offset ${offset} outside the strings`);
      if (offset > 0 && section[offset - 1] !== 0)
        throw new PlanFormatError(position, `string offset ${offset} inside a string`);
      try {
        return decoder.decode(section.subarray(offset, section.indexOf(0, offset)));
      } catch {
        throw new PlanFormatError(range.offset + offset, "string is not UTF-8");
      }
    },
  };
}
