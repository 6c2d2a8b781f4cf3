import type { DriftChange } from "../../events/drift-event.ts";
import type { Drift } from "../../host/held-names.ts";

export interface Telling {
  readonly path: string;
  readonly change: DriftChange;
  /** No further change of this name is told for {@link TELL_WINDOW_MS}. */
  readonly isLast: boolean;
}

interface Name {
  readonly kind: Drift["kind"] | null;
  /** When changes were told, milliseconds. */
  readonly tellings: readonly number[];
}

/** Changes of one name that are told within the window; each name has its own count. */
export const TELLINGS_MAX = 10;
export const TELL_WINDOW_MS = 3_600_000;

/**
 * What has been told of one run. A change counts once two looks in a row have found it: a file that
 * is replaced by removing it first is no file that is gone.
 */
export class ToldNames {
  readonly #names: Map<string, Name>;
  #seen: ReadonlyMap<string, Drift["kind"]> = new Map();

  /** `before`: as an earlier agent has told it. */
  constructor(before: readonly Drift[] = []) {
    this.#names = new Map(before.map(({ path, kind }) => [path, { kind, tellings: [] }]));
  }

  /** The present drift as it was told, for the next agent. */
  get told(): readonly Drift[] {
    return [...this.#names].flatMap(([path, { kind }]) => (kind === null ? [] : [{ path, kind }]));
  }

  /** `isSettled`: another look would tell nothing more unless something changes. */
  look(drift: readonly Drift[], now: number): { tellings: Telling[]; isSettled: boolean } {
    const before = this.#seen;
    this.#seen = new Map(drift.map(({ path, kind }) => [path, kind]));
    const tellings: Telling[] = [];
    let isSettled = true;
    for (const path of new Set([...this.#seen.keys(), ...before.keys(), ...this.#names.keys()])) {
      const kind = this.#seen.get(path) ?? null;
      const isSeenTwice = kind === (before.get(path) ?? null);
      if (kind === (this.#names.get(path)?.kind ?? null)) continue;
      if (isSeenTwice) tellings.push(...this.#tell(path, kind, now));
      else isSettled = false;
    }
    return { tellings, isSettled };
  }

  #tell(path: string, kind: Name["kind"], now: number): readonly Telling[] {
    const recent = (this.#names.get(path)?.tellings ?? []).filter(
      (at) => now - at < TELL_WINDOW_MS,
    );
    if (recent.length >= TELLINGS_MAX) return [];
    const tellings = [...recent, now];
    this.#names.set(path, { kind, tellings });
    return [{ path, change: kind ?? "restored", isLast: tellings.length === TELLINGS_MAX }];
  }
}
