/**
 * What a notified call costs in addition, microseconds: the figures of docs/benchmarks.md, "One
 * call that is asked about".
 */
const LET_THROUGH_US = 13;
const DONE_US = { first: 20, last: 70 };
/** Added if the kernel cannot wake the mediator on the same core. */
const ASYNC_WAKEUP_US = 25;

/** Whether the mediator only lets a call go on, or examines its objects and makes it. */
export type Asked = "let-through" | "done";

export function priceOfAsking(syncWakeup: boolean, asked: Asked, perCall: string): string {
  const wakeup = syncWakeup ? 0 : ASYNC_WAKEUP_US;
  const price =
    asked === "let-through"
      ? `${LET_THROUGH_US + wakeup}`
      : `${DONE_US.first + wakeup} to ${DONE_US.last + wakeup}`;
  return `about ${price} us more for each ${perCall}`;
}
