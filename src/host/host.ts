import { join } from "node:path";
import { hostSnapshot } from "../compile/host-snapshot.ts";
import { type Moment, oneMoment } from "../compile/one-moment.ts";
import type { HostFacts } from "../kernel/host-facts.ts";
import { beginProbe } from "../kernel/probe/host-facts.ts";
import type { Places } from "./places.ts";

/** This host as one command sees it. */
export interface Host {
  readonly facts: HostFacts;
  readonly snapshot: Moment;
}

/** Probed once, each name looked up once. */
export function hostNow(): Host {
  return beginHost()();
}

/**
 * Probing is mostly waiting, in which the caller can do other work. The returned function waits,
 * and must be called. `root`: see {@link hostSnapshot}.
 */
export function beginHost(root?: string): () => Host {
  const finish = beginProbe();
  return () => ({ facts: finish(), snapshot: oneMoment(hostSnapshot(root)) });
}

/** The compiler's own bundle: a plan made by another compiler is stale. */
export function programFiles(places: Places): readonly string[] {
  return [join(places.home, "dist", "cofferdam.js")];
}
