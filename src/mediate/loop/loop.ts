import type { Epoll } from "../../kernel/epoll.ts";

/** Instead of a timeout: what is due at times has a timer among what is waited for. */
const FOR_EVER = -1;

/**
 * Serves whatever is ready, one call of each domain in turn, until `isOver`. Nothing that is called
 * here may wait.
 */
export function runLoop(epoll: Epoll, isOver: () => boolean): void {
  while (!isOver()) epoll.wait(FOR_EVER);
}
