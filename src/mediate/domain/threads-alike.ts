import { offsetsOf } from "../../plan/layout.ts";
import { letGoOn } from "../../plan/slots.ts";
import type { Credentials } from "../target/credentials.ts";
import type { Foreign } from "../target/namespaces.ts";

const { threadsAlike: ALIKE } = offsetsOf(letGoOn);
/** In that word; 0 where mediators of an older version may have let something go on. */
const states = { alike: 1, different: 2 } as const;

/**
 * What all threads of a supervised domain have in common: supplementary groups, and the user, mount
 * and pid namespace. Each thread has what its parent has, the first one what the launcher gave it,
 * until one of them asks for setgroups(2), unshare(2), setns(2) or a child in new namespaces. From
 * the first such call on each thread is looked at, whatever the call came to. Until then a new
 * process needs no look into its folder of /proc.
 *
 * That none was asked for yet is believed only from a mediator which saw the first call of the
 * domain; it lies in memory that mediator and successor share. Ids and capabilities change without
 * being asked about, and are no part of this.
 */
export class ThreadsAlike {
  readonly #memory: Buffer;
  readonly #asked: boolean;
  /** Undefined until a thread was looked at; null where they do not do for all. */
  #groups: Credentials["groups"] | null | undefined;
  #foreign: Foreign | undefined;

  /** `asked`: this process is asked about each such call. */
  constructor(memory: Buffer, asked: boolean) {
    this.#memory = memory;
    this.#asked = asked;
  }

  /** Nobody has received a call of the domain yet. */
  begin(): void {
    if (this.#word === 0) this.#memory.writeUInt32LE(states.alike, ALIKE);
  }

  /** Before a call is answered by which a thread may get what others have not. */
  differ(): void {
    this.#memory.writeUInt32LE(states.different, ALIKE);
  }

  get stand(): boolean {
    return this.#asked && this.#word === states.alike;
  }

  /**
   * Of a thread that is known to be the domain's: its call still waits after the thread was looked
   * at.
   */
  learn({ groups, sharesPidNamespace }: Credentials): void {
    // In another pid namespace each process has numbers of its own there.
    this.#groups = sharesPidNamespace ? groups : null;
  }

  learnForeign(foreign: Foreign): void {
    this.#foreign = foreign;
  }

  /** Undefined where they can be learned; null where each thread is to be asked for its own. */
  get groups(): Credentials["groups"] | null | undefined {
    return this.stand ? this.#groups : null;
  }

  /** Undefined where it is not known of all. */
  get foreign(): Foreign | undefined {
    return this.stand ? this.#foreign : undefined;
  }

  get #word(): number {
    return this.#memory.readUInt32LE(ALIKE);
  }
}
