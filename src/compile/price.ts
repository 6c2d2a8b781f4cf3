/** What one notified call costs beside the call itself, microseconds: measured with the synchronous wake-up and without it. */
const SYNC_US = 11;
const ASYNC_US = 35;

/** The price of asking the mediator, for people. */
export function priceOfAsking(syncWakeup: boolean, perCall: string): string {
  return `about ${syncWakeup ? SYNC_US : ASYNC_US} us more for each ${perCall}`;
}
