import type { ByteSet } from "./types.ts";

export const SLASH = 0x2f;

/** Every byte but `/`: what `?` stands for. */
export const anyButSlash: ByteSet = new Uint8Array(256).fill(1);
anyButSlash[SLASH] = 0;

export const anyByte: ByteSet = new Uint8Array(256).fill(1);

/** The other bytes, but never `/`. */
export function complement(set: ByteSet): ByteSet {
  return anyButSlash.map((member, byte) => (member === 1 && set[byte] === 0 ? 1 : 0));
}
