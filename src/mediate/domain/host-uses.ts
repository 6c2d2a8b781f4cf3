import { readUseIds } from "../../domains/use-ids.ts";
import { CapabilityUses } from "../../kernel/bpf/capability-uses.ts";

/**
 * The records of capabilities that processes use, as this process has them open. The collector of
 * the kernel's refusals loads the program, which takes too long here, and writes where it is.
 */
export class HostUses {
  readonly #folder: string;
  #open: CapabilityUses | null = null;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** null while no collector has loaded it, and where it cannot. */
  get(): CapabilityUses | null {
    const ids = this.#open === null ? readUseIds(this.#folder) : null;
    if (ids !== null) this.#open = CapabilityUses.open(ids);
    return this.#open;
  }
}
