/**
 * Granted names that were made or replaced after the start of a sealed domain. `sealed`: the kernel
 * refuses them until a restart. `brokered`: the mediator is notified of every open, and opens them.
 * `brokered-blocking`: it is not notified of opens of files with O_NONBLOCK.
 */
export const lateNames = ["sealed", "brokered", "brokered-blocking"] as const;
export type LateNames = (typeof lateNames)[number];

/** Whether the mediator opens names that are not of the start. */
export function areBrokered(word: LateNames): boolean {
  return word !== "sealed";
}
