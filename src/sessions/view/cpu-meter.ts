/** The CPU time that a control group or process has used since its start, microseconds. */
export interface CpuSource {
  /** Never reused for another source. */
  readonly key: string;
  readonly owner: string;
  readonly used: number;
}

/**
 * Adds up CPU time by owner. Sources come and go; the time of those that are gone stays in the sum.
 */
export class CpuMeter {
  #last: ReadonlyMap<string, number> | null = null;
  readonly #totals = new Map<string, number>();

  /**
   * `sources`: all that exist now. For those of the first call counting begins now; for later ones
   * it begins at their start.
   */
  add(sources: readonly CpuSource[]): void {
    const last = this.#last;
    for (const { key, owner, used } of sources) {
      const before = last === null ? used : (last.get(key) ?? 0);
      this.#totals.set(owner, this.of(owner) + Math.max(0, used - before));
    }
    this.#last = new Map(sources.map(({ key, used }) => [key, used]));
  }

  of(owner: string): number {
    return this.#totals.get(owner) ?? 0;
  }
}
