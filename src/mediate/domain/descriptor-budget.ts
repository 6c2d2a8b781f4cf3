import { rlimit } from "../../kernel/structs.ts";
import {
  DESCRIPTORS_OF_DOMAIN_MAX,
  DESCRIPTORS_OF_DOMAIN_MIN,
  DESCRIPTORS_RESERVED,
  DOMAINS_HOARDING_MAX,
} from "../limits.ts";
import { sys } from "../sys/sys.ts";

/** The calls of a domain keep as many descriptors as they may: the one that needs another fails. */
export class OverBudget extends Error {}

/**
 * Descriptors of the mediator's that the calls of one domain keep at a time, waiting ones above
 * all. A domain that has used up its own is refused its own calls, so that none is left without.
 */
export class DescriptorBudget {
  readonly #max: number;
  #kept = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Before a descriptor is kept. Throws {@link OverBudget}. */
  take(): void {
    if (this.#kept >= this.#max) throw new OverBudget(`${this.#kept} descriptors`);
    this.#kept += 1;
  }

  /** It is closed. */
  giveBack(): void {
    this.#kept -= 1;
  }
}

/** getrlimit(2). */
const RLIMIT_NOFILE = 7;

/**
 * What one domain may keep in this process. `shared`: others are served here too, and some of them
 * may do their worst at a time.
 */
export function descriptorsOfDomain(shared: boolean): number {
  const limit = rlimit.alloc();
  sys("prlimit64", 0, RLIMIT_NOFILE, null, limit);
  const free = Number(rlimit.decode(limit).rlim_cur) - DESCRIPTORS_RESERVED;
  const share = Math.floor(free / (shared ? DOMAINS_HOARDING_MAX : 1));
  return Math.min(Math.max(share, DESCRIPTORS_OF_DOMAIN_MIN), DESCRIPTORS_OF_DOMAIN_MAX);
}
