import { failedEvent } from "../events/audit-event.ts";
import type { Event } from "../events/event.ts";
import { type InForce, LiveSockets } from "../host/live-sockets.ts";
import type { Places } from "../host/places.ts";
import { Complaints } from "./complaints.ts";
import type { LsmFollower } from "./lsm-follower.ts";

const CANNOT_HOLD = [
  "the cgroup programs of what runs cannot hold the names of unix sockets in its new policy,",
  "and refuse them at level enforcing: restart it, then the mediator judges (cofferdam plan)",
].join(" ");

/**
 * Makes the cgroup programs of supervised domains, and the bpf-lsm engine, follow the table. A
 * failure is reported, and tried again with the next sweep.
 */
export class Followers {
  readonly #sockets: LiveSockets;
  readonly #table: InForce;
  readonly #tell: (event: Event) => void;
  readonly #lsm: LsmFollower;
  readonly #complaints: Complaints;

  /** `anchors`: `CGROUP2/cofferdam`, if it exists. */
  constructor(
    places: Pick<Places, "system">,
    table: InForce,
    lsm: LsmFollower,
    tell: (event: Event) => void,
    log: (text: string) => void,
    anchors: string | null,
  ) {
    const cannotHold = (domain: string): void => log(`${domain}: ${CANNOT_HOLD}`);
    this.#sockets = new LiveSockets(places, table, anchors, cannotHold);
    this.#table = table;
    this.#tell = tell;
    this.#lsm = lsm;
    this.#complaints = new Complaints(log);
  }

  /** After level or policy of the domain have changed in the table. */
  changed({ name, number }: { readonly name: string; readonly number: number }): void {
    this.#lsm.levels(number);
    const about = `the cgroup programs of ${name} do not follow its level and policy`;
    if (this.#complaints.try(about, () => this.#sockets.follow(name))) return;
    const level = this.#table.level(number) ?? "enforcing";
    const help = "where its processes connect and send to is judged as before until they restart";
    this.#tell(failedEvent({ domain: name, number, level }, "sockets not switched", help));
  }

  /** All domains: completes what an earlier agent left undone, and what failed. */
  all(): void {
    this.#lsm.levels(null);
    this.#complaints.try("cgroup programs do not follow the levels and policies in force", () =>
      this.#sockets.follow(),
    );
  }
}
