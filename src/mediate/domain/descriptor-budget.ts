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
 * Limits the descriptors that the calls of one domain keep in the mediator, above all while they
 * wait. Beyond its budget a domain's own calls are refused; other domains never lack descriptors
 * because of it.
 */
export class DescriptorBudget {
  readonly #max: number;
  #kept = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Call before a descriptor is kept. Returns null, or the answer if the budget is used up. */
  take(): Unable | null {
    if (this.#kept >= this.#max)
      return cannot(E.MFILE, `the domain's calls that wait keep ${this.#kept} descriptors`);
    this.#kept += 1;
    return null;
  }

  giveBack(): void {
    this.#kept -= 1;
  }
}

/**
 * The budget of one domain in this process. `shared`: other domains are served here, and several
 * may use up theirs at the same time.
 */
export function descriptorsOfDomain(shared: boolean): number {
  const free = descriptorLimit() - DESCRIPTORS_RESERVED;
  const share = Math.floor(free / (shared ? DOMAINS_HOARDING_MAX : 1));
  return Math.min(Math.max(share, DESCRIPTORS_OF_DOMAIN_MIN), DESCRIPTORS_OF_DOMAIN_MAX);
}

/**
 * Has the kernel make room for all descriptors that this process may have. When the kernel enlarges
 * the table of a process with several threads, the calling thread waits for an RCU grace period
 * (synchronize_rcu in expand_fdtable, fs/file.c). On a busy machine that is long enough for a
 * stand-by to think that the call hangs.
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
