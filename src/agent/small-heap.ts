import { setFlagsFromString } from "node:v8";

/**
 * Keeps V8's space for young objects as small as it begins. Reading a host's policies would let it
 * grow to 32 MiB, and an idle process never gives that back. To be called before the first real
 * work.
 */
export function keepHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--max-semi-space-size=1");
}
