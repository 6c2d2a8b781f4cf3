import { sleepFor } from "../../kernel/sleep.ts";
import { RETIRED_MS_MAX, WATCH_MS } from "../limits.ts";
import type { InHand } from "../loop/in-hand.ts";
import { makeTimer, ring } from "../sys/timer.ts";
import { makeWatchPage, Steps, type WatchPage } from "./watch-page.ts";

/** The steps of an active mediator's loop, watched by its stand-by. */
export class WatchedSteps implements InHand {
  readonly page: WatchPage;
  /** Wakes a sleeping stand-by {@link WATCH_MS} after a step began. */
  readonly timer: number;
  readonly #steps: Steps;
  readonly #retired: (domain: number) => void;
  #isRetired = false;

  /** `retired`: called after the step during which the stand-by took all other domains. */
  constructor(retired: (domain: number) => void) {
    this.page = makeWatchPage();
    this.timer = makeTimer();
    this.#steps = new Steps(this.page, () => ring(this.timer, WATCH_MS));
    this.#retired = retired;
  }

  run(domain: number, step: () => void): void {
    if (this.#isRetired) {
      step();
      return;
    }
    this.#steps.begin(domain);
    try {
      step();
    } finally {
      if (!this.#steps.end()) {
        this.#isRetired = true;
        this.#retired(domain);
      }
    }
  }

  /** Inside a step: waits until the stand-by has taken all domains but this step's. */
  waitUntilRetired(): void {
    const deadline = performance.now() + RETIRED_MS_MAX;
    while (!this.#steps.isRetired && performance.now() < deadline) sleepFor(1);
  }
}
