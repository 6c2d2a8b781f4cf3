import { type Confined, type Load, type Mode, SEALED_BUDGET } from "../service.ts";
import type { Budgets } from "../throughput.ts";

/** Compiled programs of `bench/programs`. */
export interface SenderPrograms {
  readonly ask: string;
  readonly echo: string;
}

/** All that a sender is measured in. */
export const SENDER_MODES: readonly Mode[] = [
  "unconfined",
  "sealed",
  "brokered",
  "warning",
  "enforcing",
  "user",
  "C as user",
];

/** Length of one round, in milliseconds. */
const ROUND_MS = 150;

/** Design: on stream sockets no address counts, so that sends need not be asked about. */
export const STREAM_BUDGETS: Budgets = {
  sealed: SEALED_BUDGET,
  warning: 0.9,
  brokered: 0.95,
  user: 0.95,
};
/**
 * Design: where datagrams are granted and no cgroup program judges them, each send is asked about.
 */
export const DATAGRAM_BUDGETS: Budgets = {
  sealed: SEALED_BUDGET,
  warning: 0.9,
  brokered: 0.5,
  user: 0.5,
};

/** `programs/ask.c` puts questions of a kind to the place that `place` gives. */
export function questions(
  ask: string,
  what: string,
  kind: string,
  place: (folder: string, port: number) => string,
): Load {
  return {
    what,
    unit: "1/s",
    command: (folder, port) => [ask, kind, place(folder, port), String(ROUND_MS)],
    throughput: Number,
  };
}

/**
 * A pattern that grants no socket which is there. Where a pattern is among the unix sockets of a
 * sealed domain, the kernel cannot judge their names, and every send that may carry one is asked
 * about.
 */
export function unixPattern(mode: Confined, folder: string): string {
  return mode === "brokered" ? `  - connect unix ${folder}/nothing/*.sock\n` : "";
}
