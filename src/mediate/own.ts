import { Domain } from "./domain.ts";
import { Epoll } from "./epoll.ts";
import { inherited } from "./handed.ts";
import { Held, type Surroundings } from "./held.ts";
import { runLoop } from "./loop.ts";
import { ProcessState } from "./process-state.ts";
import { Summary, writeSummary } from "./summary.ts";
import { Timers } from "./timers.ts";

/** Serves the one domain this process was started for, until that has ended; returns the exit status. */
export function runOwn(folder: string): number {
  const surroundings: Surroundings = {
    state: new ProcessState(false, folder),
    epoll: new Epoll(),
    timers: new Timers(),
  };
  surroundings.state.mounts.toldBy(surroundings.epoll);
  const summary = new Summary();
  const domain = new Domain(inherited(), surroundings.state, (event) => summary.add(event));
  const { plan } = domain.broker;
  let over: { readonly cause: unknown } | null = null;
  const held = new Held(domain, surroundings, (cause) => {
    over = { cause };
  });
  held.begin();
  runLoop(surroundings, () => over !== null);
  const { cause } = over ?? { cause: null };
  if (cause !== null) domain.reporter.failed("mediator failed", String(cause));
  held.close(true);
  if (plan.attended && cause === null) writeSummary(summary.text(plan.domain));
  return cause === null ? 0 : 1;
}
