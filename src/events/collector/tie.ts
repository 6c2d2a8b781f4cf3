/**
 * Finds this run's Landlock domain. The launcher provokes one denial on its sentinel file right
 * after it has confined itself. The announcement (or the system call record) that comes with that
 * denial names the process. Both must fit: another run of the same plan has the same sentinel, and
 * a confined process may try to open the sentinel itself, from a domain of its own.
 */
export class Tie {
  readonly #sentinel: string;
  readonly #launcher: number | null;
  /**
   * Domains that touched the sentinel and whose process is not known yet, with the serial of that
   * access. At most {@link CANDIDATES_MAX}.
   */
  readonly #candidates = new Map<string, number>();
  #ours: string | null = null;

  /** `launcher`: null accepts the first process: none of the domain exists before its launcher. */
  constructor(sentinel: string, launcher: number | null) {
    this.#sentinel = sentinel;
    this.#launcher = launcher;
  }

  get landlockDomain(): string | null {
    return this.#ours;
  }

  denial(landlockDomain: string, serial: number, path: string | null): void {
    if (this.#ours !== null || path !== this.#sentinel) return;
    if (this.#launcher === null) this.#ours = landlockDomain;
    else if (this.#candidates.size < CANDIDATES_MAX) this.#candidates.set(landlockDomain, serial);
  }

  announced(landlockDomain: string, pid: number | null): void {
    if (this.#ours === null && this.#candidates.has(landlockDomain) && pid === this.#launcher)
      this.#ours = landlockDomain;
  }

  called(serial: number, pid: number | null): void {
    if (this.#ours !== null || pid !== this.#launcher) return;
    for (const [landlockDomain, seenIn] of this.#candidates)
      if (seenIn === serial) this.#ours = landlockDomain;
  }
}

/** Runs of one plan that start before this collector has identified its own. */
const CANDIDATES_MAX = 256;
