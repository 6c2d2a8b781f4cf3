import { CLOCK_MONOTONIC } from "../../kernel/constants.ts";
import { itimerspec } from "../../kernel/structs.ts";
import { abi } from "./abi.ts";
import { sys } from "./sys.ts";

/** A timerfd, readable once the time set by {@link ring} is over; or a negated error number. */
export function makeTimer(): number {
  return sys("timerfd_create", CLOCK_MONOTONIC, abi.O_CLOEXEC | abi.O_NONBLOCK);
}

/** Sets the timer to ring once, in so many milliseconds; 0: never. Earlier rings are dropped. */
export function ring(timer: number, milliseconds: number): void {
  once.writeBigInt64LE(BigInt(Math.floor(milliseconds / 1_000)), SECONDS);
  once.writeBigInt64LE(BigInt(milliseconds % 1_000) * 1_000_000n, NANOSECONDS);
  sys("timerfd_settime", timer, 0, once, null);
}

const once = itimerspec.alloc();
const { "it_value.tv_sec": SECONDS, "it_value.tv_nsec": NANOSECONDS } = itimerspec.offset;
