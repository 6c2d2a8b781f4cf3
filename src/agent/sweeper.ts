import { existsSync } from "node:fs";
import { hasElsewhere, pruneElsewhere } from "../compile/cgroup/elsewhere.ts";
import { IdleAnchors } from "../compile/cgroup/idle-anchors.ts";
import { withFolderLock } from "../compile/cgroup/lock.ts";
import { anchorsFolder } from "../domains/cgroup-path.ts";
import { readRunRecord } from "../domains/runs.ts";
import { sweepRuns } from "../domains/sweep-runs.ts";
import { NamedAnchors } from "../host/named-anchors.ts";
import type { Places } from "../host/places.ts";
import { AbsentLevels } from "./absent-levels.ts";
import type { AgentService } from "./agent-service.ts";
import { Complaints } from "./complaints.ts";
import type { Followers } from "./followers.ts";

/** Milliseconds between searches for unused state, which no event announces. */
const SWEEP_MS = 60_000;

/**
 * Removes what no other part removes: records that killed holders left, control groups of earlier
 * policies, levels of domains that no longer exist.
 */
export class Sweeper {
  readonly #places: Places;
  readonly #followers: Pick<Followers, "all">;
  readonly #anchors: string | null;
  readonly #idle = new IdleAnchors();
  readonly #named: NamedAnchors;
  readonly #levels: AbsentLevels;
  readonly #exclusive: (work: () => Promise<void>) => Promise<void>;
  readonly #complaints: Complaints;
  #timer: NodeJS.Timeout | null = null;

  /** `exclusive` runs its work between two orders. `anchors`: `CGROUP2/cofferdam`, if it exists. */
  constructor(
    agent: Pick<AgentService, "places" | "tell" | "log">,
    followers: Pick<Followers, "all">,
    exclusive: (work: () => Promise<void>) => Promise<void>,
    anchors: string | null = anchorsFolder(),
  ) {
    const { places, log } = agent;
    this.#places = places;
    this.#followers = followers;
    this.#exclusive = exclusive;
    this.#anchors = anchors;
    this.#named = new NamedAnchors(places.plans);
    this.#levels = new AbsentLevels(places, (event) => agent.tell(event));
    this.#complaints = new Complaints(log);
  }

  start(): void {
    this.#timer = setInterval(() => void this.sweep(), SWEEP_MS);
    void this.sweep();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Failures are reported, and tried again the next time. */
  async sweep(now = performance.now()): Promise<void> {
    const complaints = this.#complaints;
    const { runs } = this.#places.system;
    complaints.try("runs that have ended cannot be tidied away", () =>
      sweepRuns(runs, this.#anchors),
    );
    await this.#exclusive(async () => {
      complaints.try("levels of removed domains cannot be deleted", () => this.#levels.look(now));
      this.#followers.all();
    });
    const anchors = this.#anchors;
    if (anchors === null) return;
    await complaints.tryTo("idle control groups cannot be tidied away", () =>
      this.#idle.look(anchors, this.#named.look(), (pid) => readRunRecord(runs, pid) !== null),
    );
    await complaints.tryTo("programs at sockets' control groups cannot be taken away", async () => {
      if (existsSync(anchors) && hasElsewhere(anchors))
        await withFolderLock(anchors, () => pruneElsewhere(anchors));
    });
  }
}
