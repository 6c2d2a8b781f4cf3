import { setFlagsFromString } from "node:v8";

/**
 * Keeps V8's space for young objects at its initial size. Reading a host's policies would let it
 * grow to 32 MiB, and an idle process never gives that back. Call before the first real work.
 */
export function keepHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--max-semi-space-size=1");
}
