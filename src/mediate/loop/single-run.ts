import { placesBeside, takenPlaces, whoseWords } from "../../domains/mediator-places.ts";
import { Epoll } from "../../kernel/epoll.ts";
import { PLACES_OF_HOST, PLACES_OF_ONE } from "../../plan/mediator-places.ts";
import { Domain } from "../domain/domain.ts";
import { inherited, inheritedFromHolder } from "../domain/handed.ts";
import { ProcessState } from "../domain/process-state.ts";
import { Summary, writeSummary } from "../report/summary.ts";
import { POLLIN } from "../sys/abi.ts";
import { DomainLoop, type Surroundings } from "./domain-loop.ts";
import { NO_DOMAIN, unwatched } from "./in-hand.ts";
import { runLoop } from "./loop.ts";
import { Timers } from "./timers.ts";

/** Returns the exit status, when the domain for which this process was started has ended. */
export function runOwn(folder: string): number {
  const epoll = new Epoll();
  const surroundings: Surroundings = {
    state: new ProcessState(false, folder),
    epoll,
    timers: new Timers(epoll),
    inHand: unwatched,
  };
  surroundings.state.view.mounts.toldBy(epoll);
  const summary = new Summary();
  const domain = new Domain(inheritedFromHolder(), surroundings.state, (event) =>
    summary.add(event),
  );
  const { plan } = domain.broker;
  let over: { readonly cause: unknown } | null = null;
  const held = new DomainLoop(NO_DOMAIN, domain, surroundings, {
    ended: (cause) => {
      over = { cause };
    },
    // No other domain is served here.
    exchanged: () => undefined,
  });
  hearHolder(domain, epoll, held);
  held.begin("holder");
  runLoop(surroundings.epoll, () => over !== null);
  const { cause } = over ?? { cause: null };
  if (cause !== null) domain.reporter.failed("mediator failed", String(cause));
  held.finish(true);
  held.close();
  if (plan.attended && cause === null) writeSummary(summary.text(plan.domain));
  return cause === null ? 0 : 1;
}

function hearHolder({ handed }: Domain, epoll: Epoll, held: DomainLoop): void {
  const bell = handed.holder?.bell;
  if (bell === undefined) return;
  const watched = epoll.add(bell, POLLIN, {
    ready: () => {
      if (!held.hearHolder()) epoll.remove(watched);
    },
  });
}

/**
 * Writes the events that a dead mediator had counted and not logged, if no successor comes. The
 * domain is not contacted. `given-up`: the holder continues without a mediator. `refused`: no place
 * was free for another mediator.
 */
export function tellLast(
  folder: string,
  why: "untold" | "given-up" | "refused",
  socket: string,
): number {
  const domain = new Domain(inherited(), new ProcessState(false, folder));
  const { reporter, socketRecords } = domain;
  domain.succeed();
  const died = "its mediators died one after the other";
  const what = `${died}: what they would have decided is refused until it is restarted`;
  const goesOn = why !== "untold";
  if (why === "given-up") reporter.failed("mediator given up", what);
  if (why === "refused") reporter.failed("mediator refused", noPlace(socket));
  // A holder that has given up outlives this process: later records are written when it ends.
  if (goesOn) socketRecords?.look();
  else socketRecords?.finish(true);
  reporter.close();
  return 0;
}

function noPlace(socket: string): string {
  const taken = takenPlaces(placesBeside(socket));
  const words = [
    "its calls are refused until there is room:",
    `${taken.length} of ${PLACES_OF_HOST} places for mediators of one run are taken`,
    `(${whoseWords(taken)}), one user's runs of a domain have at most ${PLACES_OF_ONE},`,
    "and the shared mediator takes no more of it; end some of these runs",
  ];
  return words.join(" ");
}
