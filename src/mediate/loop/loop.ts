import type { Epoll } from "../../kernel/epoll.ts";

/** Whatever is due at a time has a timer in the epoll. */
const FOR_EVER = -1;

/**
 * Serves every ready descriptor, one call of each domain in turn, until `isOver`. Nothing called
 * from here may block.
 */
export function runLoop(epoll: Epoll, isOver: () => boolean): void {
  while (!isOver()) epoll.wait(FOR_EVER);
}
