import type { RefusalsState } from "../host/agent-answers.ts";
import { programStamp, readCollectorStatus } from "../host/collector-status.ts";
import type { SystemPlaces } from "../host/places.ts";
import { Keeper, type KeptCommand } from "./keeper.ts";

/** Keeps the collector of the kernel's refusals alive, and knows which refusals it misses. */
export class RefusalsKeeper {
  readonly #keeper: Keeper;
  readonly #status: string;
  readonly #program: string;

  /**
   * `command`: its first argument is the program's file. `tell`, `isAnother`: see {@link Keeper}.
   */
  constructor(
    { collectorLock, collectorStatus }: SystemPlaces,
    command: KeptCommand,
    tell: (restarts: number, why: string) => void,
    isAnother: () => void,
  ) {
    this.#keeper = new Keeper(command, collectorLock, tell, isAnother);
    this.#status = collectorStatus;
    this.#program = command.arguments[0] ?? command.program;
  }

  /** A collector of another version gets a successor, which loses no record. */
  start(): void {
    const before = readCollectorStatus(this.#status);
    this.#keeper.start(before !== null && before.program !== programStamp(this.#program));
  }

  /** The collector goes on while sealed domains run. */
  stop(): void {
    this.#keeper.stop();
  }

  get state(): RefusalsState {
    const kept = this.#keeper.state;
    const status = readCollectorStatus(this.#status);
    const isOf = status !== null && status.pid === kept.pid;
    const { landlock = null, programs = null, capabilities = null } = isOf ? status : {};
    return { ...kept, landlock, programs, capabilities };
  }
}
