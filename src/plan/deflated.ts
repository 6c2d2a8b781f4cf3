import { deflateRawSync, inflateRawSync } from "node:zlib";
import { planLimits } from "./layout.ts";

/** The fastest level: compressing better would take longer than the smaller plan saves. */
const LEVEL = 1;

/**
 * Raw DEFLATE (RFC 1951). The same zlib gives the same bytes.
 *
 * @throws RangeError for too many bytes
 */
export function deflated(bytes: Uint8Array): Uint8Array {
  const { PLAN_INFLATED_MAX: max } = planLimits;
  if (bytes.length > max)
    throw new RangeError(`a section of ${bytes.length} bytes, at most ${max}`);
  return deflateRawSync(bytes, { level: LEVEL });
}

/**
 * To at most `planLimits.PLAN_INFLATED_MAX` bytes. Bytes after the end of the stream are an error.
 *
 * @throws Error of zlib or RangeError
 */
export function inflated(bytes: Uint8Array): Uint8Array {
  const { buffer, engine } = inflateRawSync(bytes, {
    maxOutputLength: planLimits.PLAN_INFLATED_MAX,
    info: true,
  }) as unknown as { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };
  if (engine.bytesWritten !== bytes.length)
    throw new RangeError(`${bytes.length - engine.bytesWritten} bytes behind its end`);
  return new Uint8Array(buffer);
}
