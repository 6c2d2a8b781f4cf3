/**
 * The stand-by: a second mediator with a copy of every descriptor of the active one, which serves
 * nothing. It decodes plans as they arrive, so that it can go on at once. It watches the steps of
 * the active mediator's loop (`watch-page.ts`), which costs that loop nothing, and takes over
 *
 * - when a step does not end and the active mediator's thread is blocked in the kernel: the domain
 *   of that step stays there, and all others come here;
 * - when the active mediator has died.
 *
 * The stand-by is then the active mediator, and starts the next stand-by.
 */

import { claimantOf } from "../../domains/mediator-places.ts";
import { Epoll } from "../../kernel/epoll.ts";
import { succeedLock } from "../../kernel/file-lock.ts";
import { sleepFor } from "../../kernel/sleep.ts";
import { Domain } from "../domain/domain.ts";
import { closeHanded } from "../domain/handed.ts";
import type { ProcessState } from "../domain/process-state.ts";
import { BUSY_MS_MAX, CONFIRM_MS, LOOKS_WITHOUT_A_STEP_MAX, WATCH_MS } from "../limits.ts";
import { NO_DOMAIN } from "../loop/in-hand.ts";
import type { Origin } from "../loop/take-over.ts";
import { POLLIN } from "../sys/abi.ts";
import { goAhead } from "../sys/precedence.ts";
import { close, sys } from "../sys/sys.ts";
import { Active, listenOn, type Prepared, type Seat } from "./active.ts";
import { greet, type PassedDomain, receivePassed } from "./passing.ts";
import { lockOf } from "./place.ts";
import { Rehearsal } from "./rehearsal.ts";
import { Retirements, retirementsBeside } from "./retirements.ts";
import { sharedState } from "./serve.ts";
import { standByDescriptors } from "./stand-by-link.ts";
import { Observer, openWatchPage, type Seen } from "./watch-page.ts";
import { WatchedThread } from "./watched-thread.ts";

const { control, page, timer, listening, lock } = standByDescriptors;

/** Serves once it has taken over. Returns when it is not needed. */
export function standBy(socket: string, active: number): number {
  goAhead();
  const found = new StandBy(socket, active).wait();
  if (found === null) return 0;
  found.run();
  return 0;
}

class StandBy {
  readonly #socket: string;
  readonly #active: WatchedThread;
  readonly #observer = new Observer(openWatchPage(page));
  readonly #state: ProcessState;
  readonly #ears = new Epoll();
  readonly #heard: number;
  readonly #passed = new Map<number, PassedDomain>();
  readonly #prepared = new Map<number, Prepared>();
  #rehearsing: Rehearsal | null = null;
  readonly #rehearsed = new Set<boolean>();
  /**
   * Includes ended domains: a number is never reused, or a stand-by might take one domain for
   * another.
   */
  #highest = NO_DOMAIN;
  #watches = true;
  #last: Seen | null = null;
  #ranAtFirst = 0;
  #looksWithoutStep = 0;
  /** It must not take over before it knows all domains, or the unknown ones would be lost. */
  #isComplete = false;
  #hasDied: boolean;
  #isOver = false;

  constructor(socket: string, active: number) {
    this.#socket = socket;
    this.#active = new WatchedThread(active);
    this.#state = sharedState(socket);
    this.#heard = this.#ears.add(control, POLLIN, { ready: () => this.#hear() });
    this.#ears.add(timer, POLLIN, { ready: () => this.#wake() });
    this.#hasDied = this.#active.pidfd < 0;
    if (!this.#hasDied)
      this.#ears.add(this.#active.pidfd, POLLIN, {
        ready: () => {
          this.#hasDied = true;
        },
      });
    this.#observer.watch();
    greet(control);
  }

  /** Returns null when this process is no longer needed. */
  wait(): Active | null {
    for (;;) {
      this.#ears.wait(this.#hasDied ? 0 : this.#timeout());
      if (this.#hasDied) return this.#succeed("dead");
      if (this.#isOver) return null;
      const stuck = this.#watches && this.#isComplete ? this.#look() : null;
      if (stuck !== null && this.#observer.retire(stuck)) return this.#succeed("retired", stuck);
      if (this.#passed.size > 0) this.#prepareOne();
      else this.#rehearse();
    }
  }

  #timeout(): number {
    if (this.#passed.size > 0) return 0;
    return this.#watches || this.#rehearsing !== null ? WATCH_MS : -1;
  }

  #wake(): void {
    sys("read", timer, rings, rings.length);
    this.#watches = true;
    this.#looksWithoutStep = 0;
  }

  #hear(): void {
    for (;;) {
      const passed = receivePassed(control);
      if (passed.kind === "nothing") return;
      if (passed.kind === "over") {
        // The active mediator has ended, which its pidfd will report next. A stand-by that is
        // dismissed is killed instead.
        this.#ears.remove(this.#heard);
        return;
      }
      if (passed.kind === "strange") {
        this.#isOver = true;
        return;
      }
      if (passed.kind === "ended") this.#forget(passed.number);
      else if (passed.kind === "domain") this.#note(passed.domain);
      else this.#isComplete = true;
    }
  }

  #note(domain: PassedDomain): void {
    this.#passed.set(domain.number, domain);
    this.#highest = Math.max(this.#highest, domain.number);
  }

  /** The step that must be taken away; null if all is well. */
  #look(): Seen | null {
    const seen = this.#observer.look();
    const before = this.#last;
    this.#last = seen;
    if (!seen.inHand) {
      this.#looksWithoutStep = before?.word === seen.word ? this.#looksWithoutStep + 1 : 0;
      if (this.#looksWithoutStep >= LOOKS_WITHOUT_A_STEP_MAX)
        this.#watches = !this.#observer.sleep(seen);
      return null;
    }
    this.#looksWithoutStep = 0;
    if (before?.word === seen.word) return this.#isStuck(seen) ? seen : null;
    this.#ranAtFirst = this.#active.ranMs();
    return null;
  }

  /**
   * Whether the step blocks the loop: the kernel keeps the thread waiting, or the thread has run
   * for too long. A thread that waits for a processor on a busy host is not stuck.
   */
  #isStuck(seen: Seen): boolean {
    if (!this.#active.isBlocked()) return this.#active.ranMs() - this.#ranAtFirst >= BUSY_MS_MAX;
    sleepFor(CONFIRM_MS);
    return this.#observer.look().word === seen.word && this.#active.isBlocked();
  }

  #prepareOne(): void {
    for (const passed of this.#passed.values()) {
      this.#passed.delete(passed.number);
      this.#prepare(passed);
      return;
    }
  }

  #prepare(passed: PassedDomain): void {
    try {
      const domain = new Domain(passed.handed, this.#state);
      this.#prepared.set(passed.number, { ...passed, domain });
      this.#rehearseAs(domain);
    } catch {
      // The holder sees its connection end once the active mediator is gone, too.
      giveBack(passed);
    }
  }

  #rehearse(): void {
    this.#rehearsing?.some();
    if (this.#rehearsing?.isOver === true) this.#rehearsing = null;
  }

  #rehearseAs({ broker, handed }: Domain): void {
    if (this.#rehearsing !== null || this.#rehearsed.has(broker.supervised)) return;
    this.#rehearsed.add(broker.supervised);
    this.#rehearsing = new Rehearsal(handed.plan, this.#state);
  }

  #forget(number: number): void {
    const passed = this.#passed.get(number);
    if (passed !== undefined) giveBack(passed);
    this.#passed.delete(number);
    const prepared = this.#prepared.get(number);
    if (prepared === undefined) return;
    prepared.domain.abandon();
    close(prepared.connection ?? -1);
    this.#prepared.delete(number);
  }

  /** The domain of the `stuck` step stays with the previous mediator. */
  #succeed(why: "dead" | "retired", stuck: Seen | null = null): Active {
    this.#rehearsing?.end();
    this.#hear();
    for (const passed of this.#passed.values()) this.#prepare(passed);
    const kept = this.#prepared.get(stuck?.domain ?? NO_DOMAIN);
    const retirements = new Retirements(retirementsBeside(this.#socket));
    if (kept !== undefined) {
      this.#prepared.delete(kept.number);
      retirements.add(claimantOf(kept.domain.broker.plan), this.#active.pid);
    }
    const blamed = why === "dead" ? this.#observer.look() : null;
    const active = new Active(this.#seat(), this.#state, retirements, {
      highest: this.#highest,
      endsWithoutDomain: why === "dead",
    });
    active.adopt([...this.#prepared.values()], (number): Origin => {
      const isBlamed = blamed?.inHand === true && blamed.domain === number;
      return isBlamed ? "holder" : why;
    });
    active.acceptFrom(listening);
    if (kept !== undefined) active.tellRetired(kept);
    return active;
  }

  /** New socket and lock: the previous mediator may hang and keep its own open forever. */
  #seat(): Seat {
    const seat = succeedLock(lockOf(this.#socket), lock);
    if (seat === null) throw new Error("another mediator has taken the lock");
    return { socket: this.#socket, listening: listenOn(this.#socket), lock: seat };
  }
}

function giveBack({ handed, connection }: PassedDomain): void {
  closeHanded(handed);
  if (connection !== null) close(connection);
}

/** A timer's message: how often it has rung. */
const rings = Buffer.alloc(8);
