import type { Surroundings } from "./domain-loop.ts";

/**
 * Serves whatever is ready, one call of each domain in turn, until `isOver`. Nothing that is called
 * here may wait.
 */
export function runLoop({ epoll, timers }: Surroundings, isOver: () => boolean): void {
  while (!isOver()) {
    epoll.wait(timers.timeout);
    timers.run();
  }
}
