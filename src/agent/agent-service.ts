import type { Actor } from "../domains/levels.ts";
import type { Event } from "../events/event.ts";
import type { ReloadOutcome } from "../host/agent-answers.ts";
import type { Places } from "../host/places.ts";
import type { Level } from "../model/policy.ts";
import type { Arriving } from "./arrivals.ts";
import type { DomainTable } from "./domain-table.ts";
import type { DriftWatch } from "./drift/drift-watch.ts";
import type { EvidenceKeeper } from "./evidence/evidence.ts";
import type {
  AddedException,
  AskedException,
  EndedExceptions,
  Exceptions,
} from "./exceptions/exceptions.ts";
import type { Keeper } from "./keeper.ts";
import type { LevelChange } from "./levels.ts";
import type { LogFollower } from "./log-follower.ts";
import type { Logins } from "./logins.ts";
import type { RefusalsKeeper } from "./refusals-keeper.ts";

/** What the control API and the sweeper need of an agent; `agent.ts` implements it. */
export interface AgentService {
  readonly places: Places;
  readonly log: (text: string) => void;
  /** ISO 8601. */
  readonly since: string;
  readonly table: DomainTable;
  readonly mediator: Keeper | null;
  readonly logins: Logins;
  /** null if the kernel's refusals are not collected. */
  readonly refusals: RefusalsKeeper | null;
  readonly exceptions: Pick<Exceptions, "list">;
  readonly drift: Pick<DriftWatch, "drifted" | "state">;
  readonly evidence: Pick<EvidenceKeeper, "shown">;
  readonly counters: {
    readonly refusedPeers: number;
    readonly eventsOfToday: ReturnType<LogFollower["tally"]>;
    readonly eventsLost: number;
    readonly eventsProblem: string | null;
    readonly forwarding: LogFollower["problems"];
  };
  tell(event: Event): void;
  /** Of the host's present day, by domain. */
  eventsToday(): ReadonlyMap<string, number>;
  /** `name` null: all policies. */
  reload(name: string | null, by: Actor): Promise<readonly ReloadOutcome[]>;
  /** `name` null: all domains. `level` null: back to the policy's own. */
  giveLevel(
    name: string | null,
    level: Level | null,
    seconds: number | null,
    by: Actor,
  ): Promise<readonly LevelChange[]>;
  /** Has a launcher's next execve lead into the domain. */
  lead(name: string, arriving: Arriving): Promise<void>;
  addException(name: string, asked: AskedException, by: Actor): Promise<AddedException>;
  /** `id` null: all of the domain. `isPromoted`: its policy has the line for good. */
  endExceptions(
    name: string,
    id: number | null,
    isPromoted: boolean,
    by: Actor,
  ): Promise<EndedExceptions>;
}
