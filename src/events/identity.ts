import { monotonic } from "../kernel/ffi.ts";
import type { Event } from "./event.ts";

let counter = 0;

/** `at`: wall clock in milliseconds; now by default. */
export function stamp(at = Date.now()): Pick<Event, "v" | "id" | "time" | "monotonic"> {
  counter += 1;
  const nanoseconds = BigInt(Date.now()) * 1_000_000n + (monotonic() % 1_000_000n);
  return {
    v: 1,
    id: `${nanoseconds}-${process.pid}-${counter}`,
    time: new Date(at).toISOString(),
    monotonic: String(monotonic()),
  };
}
