import { F_DUPFD_CLOEXEC, RLIMIT_NOFILE } from "../../kernel/constants.ts";
import { rlimit } from "../../kernel/structs.ts";
import { cannot, type Unable } from "../answer/outcome.ts";
import {
  DESCRIPTOR_TABLE_MAX,
  DESCRIPTORS_OF_DOMAIN_MAX,
  DESCRIPTORS_OF_DOMAIN_MIN,
  DESCRIPTORS_RESERVED,
  DOMAINS_HOARDING_MAX,
} from "../limits.ts";
import { E } from "../sys/abi.ts";
import { close, sys } from "../sys/sys.ts";

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

  /**
   * Before a descriptor is kept: null, or what to answer where the domain's calls keep as many as
   * they may.
   */
  take(): Unable | null {
    if (this.#kept >= this.#max)
      return cannot(E.MFILE, `the domain's calls that wait keep ${this.#kept} descriptors`);
    this.#kept += 1;
    return null;
  }

  /** It is closed. */
  giveBack(): void {
    this.#kept -= 1;
  }
}

/**
 * What one domain may keep in this process. `shared`: others are served here too, and some of them
 * may do their worst at a time.
 */
export function descriptorsOfDomain(shared: boolean): number {
  const free = descriptorLimit() - DESCRIPTORS_RESERVED;
  const share = Math.floor(free / (shared ? DOMAINS_HOARDING_MAX : 1));
  return Math.min(Math.max(share, DESCRIPTORS_OF_DOMAIN_MIN), DESCRIPTORS_OF_DOMAIN_MAX);
}

/**
 * Has the kernel make room at once for all descriptors that this process may have. While it makes a
 * larger table for a process with several threads, the thread that wants a descriptor waits until
 * all processors have been through their scheduler (synchronize_rcu in expand_fdtable, fs/file.c):
 * on a busy machine long enough for a stand-by to take the call for one that hangs.
 */
export function growDescriptorTable(): void {
  const last = Math.min(descriptorLimit(), DESCRIPTOR_TABLE_MAX) - 1;
  const copy = sys("fcntl", STANDARD_INPUT, F_DUPFD_CLOEXEC, last);
  if (copy >= 0) close(copy);
}

const STANDARD_INPUT = 0;

function descriptorLimit(): number {
  const limit = rlimit.alloc();
  sys("prlimit64", 0, RLIMIT_NOFILE, null, limit);
  return Number(rlimit.decode(limit).rlim_cur);
}
