import { fstatSync } from "node:fs";
import { PRIVATE_FILE } from "../../base/modes.ts";
import { type Claimant, claimantOf } from "../../domains/mediator-places.ts";
import { SHUT_RDWR, SOCK_SEQPACKET } from "../../kernel/constants.ts";
import { Epoll } from "../../kernel/epoll.ts";
import type { FileLock } from "../../kernel/file-lock.ts";
import { acceptFrom, listenInPlace } from "../../kernel/unix-listener.ts";
import { Domain } from "../domain/domain.ts";
import { generationOf } from "../domain/generation.ts";
import { closeHanded, type Handed } from "../domain/handed.ts";
import type { ProcessState } from "../domain/process-state.ts";
import { CALLERS_MAX } from "../limits.ts";
import { letTermEnd } from "../loop/block-signals.ts";
import { DomainLoop, type Surroundings } from "../loop/domain-loop.ts";
import { NO_DOMAIN } from "../loop/in-hand.ts";
import { runLoop } from "../loop/loop.ts";
import type { Origin } from "../loop/take-over.ts";
import { Timers } from "../loop/timers.ts";
import { POLLIN } from "../sys/abi.ts";
import { goInTurn } from "../sys/precedence.ts";
import { readAll } from "../sys/read-all.ts";
import { close, sys } from "../sys/sys.ts";
import { reap } from "../worker/reap.ts";
import { Caller } from "./caller.ts";
import { endConnection, HolderLink, withHolder } from "./holder-link.ts";
import type { PassedDomain } from "./passing.ts";
import { refusal } from "./peer.ts";
import type { Retirements } from "./retirements.ts";
import { hasShare } from "./shares.ts";
import { StandByLink } from "./stand-by-link.ts";
import { WatchedSteps } from "./watched-steps.ts";

const SOCKET_MODE = PRIVATE_FILE;

const RETIRED = "a call of this domain blocked the shared mediator: it has its own until it ends";

interface Served extends Omit<PassedDomain, "connection"> {
  readonly domain: Domain;
  readonly loop: DomainLoop;
  readonly holder: HolderLink;
  readonly claimant: Claimant;
  /** Which memory its slots are in. */
  readonly memory: string;
}

/** A domain that a stand-by has decoded, ready to be served. */
export interface Prepared extends PassedDomain {
  readonly domain: Domain;
}

/** The lock makes the active mediator the only one. */
export interface Seat {
  readonly socket: string;
  readonly listening: number;
  readonly lock: FileLock;
}

interface Past {
  readonly highest: number;
  /**
   * The mediator exits with its last domain. The agent then starts a fresh one, from the program
   * that is installed by then.
   */
  readonly endsWithoutDomain: boolean;
}

const NO_PAST: Past = { highest: NO_DOMAIN, endsWithoutDomain: false };

export function listenOn(socket: string): number {
  return listenInPlace(socket, SOCK_SEQPACKET, SOCKET_MODE);
}

/**
 * The mediator that serves all domains of the host. When its stand-by finds that a call of one
 * domain blocks the loop, this mediator is retired: it goes on with that domain alone until the
 * domain ends.
 */
export class Active {
  readonly #seat: Seat;
  readonly #retirements: Retirements;
  readonly #surroundings: Surroundings;
  readonly #steps: WatchedSteps;
  readonly #standBy: StandByLink;
  readonly #waiting = new Set<Caller>();
  readonly #served = new Map<number, Served>();
  #accepting = 0;
  #last: number;
  #endsWithoutDomain: boolean;
  /** The only domain that this process will keep when its stand-by takes the others. */
  #leavesFor: number | null = null;
  #isRetired = false;

  constructor(
    seat: Seat,
    state: ProcessState,
    retirements: Retirements,
    { highest, endsWithoutDomain }: Past = NO_PAST,
  ) {
    const epoll = new Epoll();
    this.#seat = seat;
    this.#retirements = retirements;
    this.#last = highest;
    this.#endsWithoutDomain = endsWithoutDomain;
    const steps = new WatchedSteps((domain) => this.#retire(domain));
    this.#steps = steps;
    this.#surroundings = { state, epoll, timers: new Timers(epoll), inHand: steps };
    state.view.mounts.toldBy(epoll);
    state.logs?.servedBy(this.#surroundings);
    const { socket, listening, lock } = seat;
    this.#standBy = new StandByLink(
      { socket, listening, lock: lock.fd, page: steps.page.fd, timer: steps.timer },
      this.#surroundings,
      { numbers: () => [...this.#served.keys()], toPass: (number) => this.#toPass(number) },
    );
  }

  /**
   * Serves until it is killed, or until it has nothing left to serve and need not wait for more.
   */
  run(): void {
    const { epoll, inHand } = this.#surroundings;
    if (this.#served.size === 0) letTermEnd(true);
    this.#accepting = epoll.add(this.#seat.listening, POLLIN, {
      ready: () => inHand.run(NO_DOMAIN, () => this.#accept()),
    });
    runLoop(
      epoll,
      () => this.#endsWithoutDomain && this.#served.size === 0 && this.#waiting.size === 0,
    );
  }

  /**
   * Takes domains over from the previous mediator. The next stand-by is told of each domain before
   * this mediator receives a call of any: if a second domain blocks the loop, the stand-by must be
   * there.
   */
  adopt(domains: readonly Prepared[], originOf: (number: number) => Origin): void {
    // Without domains this process ends at once, and so would a stand-by.
    if (domains.length > 0) this.#standBy.start();
    for (const prepared of domains) {
      const { domain, ...passed } = prepared;
      if (this.#isSentAway(prepared)) sendAway(prepared);
      else this.#serve(passed, domain, originOf(passed.number));
    }
  }

  /**
   * Whether the domain's holder must find another mediator. An older holder would not be told, so
   * its domain is served here.
   */
  #isSentAway({ domain, handed }: Prepared): boolean {
    const isHeard = handed.holder !== null;
    return isHeard && this.#retirements.isQuarantined(claimantOf(domain.broker.plan));
  }

  /**
   * Logs that the previous mediator was retired: that one may hang forever. Writing may wait for
   * the disk, so this runs only after calls are answered again.
   */
  tellRetired(kept: Prepared): void {
    const { timers, inHand, state } = this.#surroundings;
    const telling = {
      due: 0,
      overdue: () => {
        telling.due = Number.POSITIVE_INFINITY;
        state.logs?.overdue();
        inHand.run(NO_DOMAIN, () => {
          kept.domain.reporter.tell("mediator retired", RETIRED);
          this.#retirements.write();
          giveUp(kept);
        });
      },
    };
    timers.add(telling);
  }

  /**
   * Takes the connections that wait at the previous mediator's socket, and shuts that socket down:
   * the previous mediator may hang and keep it open.
   */
  acceptFrom(before: number): void {
    sys("shutdown", before, SHUT_RDWR);
    const { inHand } = this.#surroundings;
    const connections: number[] = [];
    for (;;) {
      const connection = acceptFrom(before);
      if (connection === null) break;
      connections.push(connection);
    }
    close(before);
    for (const connection of connections) inHand.run(NO_DOMAIN, () => this.#meet(connection));
  }

  /**
   * The copy of a domain that is passed to the stand-by. If the holder's version accepts one, the
   * copy has a new connection that no earlier mediator has. An older holder would drop it and hand
   * the domain over a second time.
   */
  #toPass(number: number): PassedDomain | null {
    const served = this.#served.get(number);
    if (served === undefined) return null;
    if (served.handed.holder !== null) served.holder.renew();
    return { number, handed: served.handed, connection: served.holder.connection };
  }

  #accept(): void {
    const connection = acceptFrom(this.#seat.listening);
    if (connection !== null) this.#meet(connection);
  }

  #meet(connection: number): void {
    if (this.#waiting.size >= CALLERS_MAX || refusal(connection) !== null) {
      close(connection);
      return;
    }
    const { timers } = this.#surroundings;
    const caller = new Caller(
      connection,
      this.#surroundings,
      {
        take: (handed) => this.#take(handed, connection),
        hasRoomFor: (plan) => this.#hasRoomFor(plan),
      },
      (over) => {
        this.#waiting.delete(over);
        timers.remove(over);
      },
    );
    this.#waiting.add(caller);
    timers.add(caller);
  }

  /** A failure concerns this domain alone. */
  #take(arrived: Handed, connection: number): (() => void) | "elsewhere" | null {
    // Two loops would answer calls of one domain by the same slots. A takeover is no hand-over.
    if (this.#serves(memoryOf(arrived.slots))) {
      closeHanded(arrived);
      return null;
    }
    const handed = withHolder(arrived, connection);
    const claimant = claimantOrNull(handed.plan);
    const isServed = claimant !== null && this.#takes(claimant);
    const domain = isServed ? this.#open(handed) : null;
    if (domain === null) {
      closeHanded(handed);
      return claimant === null || isServed ? null : "elsewhere";
    }
    this.#last += 1;
    const passed = { number: this.#last, handed, connection };
    return () => this.#serve(passed, domain, "holder");
  }

  #hasRoomFor(plan: number): boolean {
    const claimant = claimantOrNull(plan);
    return claimant !== null && this.#takes(claimant);
  }

  #serves(wanted: string): boolean {
    return [...this.#served.values()].some(({ memory }) => memory === wanted);
  }

  #takes(claimant: Claimant): boolean {
    if (this.#retirements.isQuarantined(claimant)) return false;
    return hasShare(
      claimant,
      [...this.#served.values()].map(({ claimant }) => claimant),
    );
  }

  #open(handed: Handed): Domain | null {
    try {
      return new Domain(handed, this.#surroundings.state);
    } catch {
      return null;
    }
  }

  #serve(passed: PassedDomain, domain: Domain, origin: Origin): void {
    const { number, connection } = passed;
    const loop = new DomainLoop(number, domain, this.#surroundings, {
      ended: (cause) => this.#end(served, cause),
      exchanged: () => this.#leaveOthers(number),
    });
    const isInherited = origin !== "holder";
    const holder = new HolderLink(connection, isInherited, this.#surroundings, loop);
    const claimant = claimantOf(domain.broker.plan);
    const memory = memoryOf(passed.handed.slots);
    const served = { ...passed, domain, loop, holder, claimant, memory };
    this.#served.set(number, served);
    letTermEnd(false);
    if (isInherited && passed.handed.holder !== null) holder.renew();
    this.#standBy.add(passed);
    loop.begin(origin);
  }

  /**
   * In steps: should the stand-by take over between two of them, the domain's memory tells it what
   * is not written yet.
   */
  #end({ number, loop, domain, holder }: Served, cause: unknown): void {
    const { state, inHand } = this.#surroundings;
    inHand.run(number, () => {
      if (cause !== null) domain.reporter.failed("mediator failed", String(cause));
      loop.finish(false);
    });
    state.logs?.overdue();
    if (!this.#served.has(number)) return;
    inHand.run(NO_DOMAIN, () => {
      loop.close();
      holder.close();
      this.#served.delete(number);
      if (this.#served.size === 0) letTermEnd(true);
      // A domain that ends while this process leaves the others must stay known: the stand-by has
      // yet to record what the domain did.
      if (number !== this.#leavesFor) this.#standBy.ended(number);
      reap();
    });
  }

  /**
   * The domain has left a thread in this process that may never end, and the process cannot exit
   * before its threads. So the stand-by takes all other domains as soon as it is ready.
   */
  #leaveOthers(kept: number): void {
    if (this.#leavesFor !== null) return;
    this.#leavesFor = kept;
    const { timers, inHand } = this.#surroundings;
    const leaving = {
      due: 0,
      overdue: () => {
        if (this.#standBy.isReady) inHand.run(kept, () => this.#steps.waitUntilRetired());
        if (this.#isRetired) leaving.due = Number.POSITIVE_INFINITY;
      },
    };
    timers.add(leaving);
  }

  #retire(kept: number): void {
    const { epoll } = this.#surroundings;
    this.#isRetired = true;
    this.#endsWithoutDomain = true;
    goInTurn();
    this.#standBy.leave();
    epoll.remove(this.#accepting);
    close(this.#seat.listening);
    this.#seat.lock.release();
    for (const caller of [...this.#waiting]) caller.close();
    for (const { number, loop, holder } of [...this.#served.values()]) {
      if (number === kept) continue;
      loop.abandon();
      holder.close();
      this.#served.delete(number);
    }
  }
}

/** The holder then finds a mediator of its own. */
function sendAway({ domain, connection }: Prepared): void {
  if (connection !== null) endConnection(connection);
  domain.abandon();
}

/**
 * Drops this copy of a domain that stays with the previous mediator, which has its own copy of the
 * connection.
 */
function giveUp({ domain, connection }: Prepared): void {
  close(connection ?? -1);
  domain.abandon();
}

function memoryOf(slots: number): string {
  const { dev, ino } = fstatSync(slots, { bigint: true });
  return `${dev}:${ino}`;
}

/** null if the descriptor holds no plan. */
function claimantOrNull(plan: number): Claimant | null {
  try {
    return claimantOf(generationOf(readAll(plan)).plan);
  } catch {
    return null;
  }
}
