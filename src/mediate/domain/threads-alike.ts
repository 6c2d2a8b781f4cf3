import { offsetsOf } from "../../plan/layout.ts";
import { letGoOn } from "../../plan/slots.ts";
import type { Credentials } from "../target/credentials.ts";
import type { Foreign } from "../target/namespaces.ts";

const { threadsAlike: ALIKE } = offsetsOf(letGoOn);
/** 0: a mediator of an older version may have let such calls go on. */
const states = { alike: 1, different: 2 } as const;

/**
 * What all threads of a supervised domain have in common: supplementary groups, and user, mount and
 * pid namespace. Each thread inherits these from the launcher, so a new process needs no look into
 * its /proc folder. That ends when a thread asks for setgroups(2), unshare(2), setns(2) or a child
 * in new namespaces: afterwards each thread is looked up, whatever the result of that call.
 *
 * Only a mediator that saw the domain's first call can know that no such call came before. That is
 * recorded in memory that mediator and successor share. Ids and capabilities change without
 * notification and are not part of this.
 */
export class ThreadsAlike {
  readonly #memory: Buffer;
  readonly #asked: boolean;
  /** undefined until a thread was examined; null if threads may differ. */
  #groups: Credentials["groups"] | null | undefined;
  #foreign: Foreign | undefined;

  /** `asked`: this process is notified of each such call. */
  constructor(memory: Buffer, asked: boolean) {
    this.#memory = memory;
    this.#asked = asked;
  }

  /** Call when no call of the domain has been received yet. */
  begin(): void {
    if (this.#word === 0) this.#memory.writeUInt32LE(states.alike, ALIKE);
  }

  /** Call before answering a call by which a thread may come to differ. */
  differ(): void {
    this.#memory.writeUInt32LE(states.different, ALIKE);
  }

  get stand(): boolean {
    return this.#asked && this.#word === states.alike;
  }

  /**
   * Learns from a thread of the domain, whose call must still wait after the thread was examined.
   */
  learn({ groups, sharesPidNamespace }: Credentials): void {
    // In another pid namespace a process has other numbers, which must be read for each one.
    this.#groups = sharesPidNamespace ? groups : null;
  }

  learnForeign(foreign: Foreign): void {
    this.#foreign = foreign;
  }

  /** undefined if they can be learned; null if each thread must be looked up. */
  get groups(): Credentials["groups"] | null | undefined {
    return this.stand ? this.#groups : null;
  }

  /** undefined if not known to be the same for all. */
  get foreign(): Foreign | undefined {
    return this.stand ? this.#foreign : undefined;
  }

  get #word(): number {
    return this.#memory.readUInt32LE(ALIKE);
  }
}
