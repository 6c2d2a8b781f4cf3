import { sleepFor } from "../../kernel/sleep.ts";
import { RETIRED_MS_MAX, WATCH_MS } from "../limits.ts";
import type { InHand } from "../loop/in-hand.ts";
import { makeTimer, ring } from "../sys/timer.ts";
import { makeWatchPage, Steps, type WatchPage } from "./watch-page.ts";

/** The steps of an active mediator's loop, which its stand-by watches. */
export class WatchedSteps implements InHand {
  readonly page: WatchPage;
  /** Wakes a stand-by that sleeps, {@link WATCH_MS} after a step began. */
  readonly timer: number;
  readonly #steps: Steps;
  readonly #retired: (domain: number) => void;
  #isRetired = false;

  /** `retired`: the stand-by has taken away everything but the domain of the step that ends. */
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

  /** For what is left of this step the loop works for no domain. */
  blameNobody(): void {
    this.#steps.blameNobody();
  }

  /** Inside a step: does nothing until the stand-by has taken away everything but its domain. */
  waitUntilRetired(): void {
    const deadline = performance.now() + RETIRED_MS_MAX;
    while (!this.#steps.isRetired && performance.now() < deadline) sleepFor(1);
  }
}
