/** CPU time that a control group or a process has used since it began, microseconds. */
export interface CpuSource {
  /** Never given again to another one. */
  readonly key: string;
  /** The domain it belongs to. */
  readonly owner: string;
  readonly used: number;
}

/** Adds up CPU time by owner over sources that come and go: what has ended stays counted. */
export class CpuMeter {
  #last: ReadonlyMap<string, number> | null = null;
  readonly #totals = new Map<string, number>();

  /**
   * All sources that there are now. What the first call meets is where counting begins; what is new
   * later began meanwhile.
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
