const never = new Int32Array(new SharedArrayBuffer(4));

/** Blocks the calling thread, and with it the event loop. */
export function sleepFor(milliseconds: number): void {
  Atomics.wait(never, 0, 0, milliseconds);
}
