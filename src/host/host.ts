import { join } from "node:path";
import { hostSnapshot } from "../compile/host-snapshot.ts";
import { type Moment, oneMoment } from "../compile/one-moment.ts";
import type { HostFacts } from "../kernel/host-facts.ts";
import { probeHost } from "../kernel/probe/host-facts.ts";
import type { Places } from "./places.ts";

/** This host as one command sees it. */
export interface Host {
  readonly facts: HostFacts;
  readonly snapshot: Moment;
}

/** The host now: probed once, each name looked up once. */
export function hostNow(): Host {
  return { facts: probeHost(), snapshot: oneMoment(hostSnapshot()) };
}

/** The compiler's own bundle: a plan made by another compiler is stale. */
export function programFiles(places: Places): readonly string[] {
  return [join(places.home, "dist", "cofferdam.js")];
}
