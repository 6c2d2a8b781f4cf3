import { type FSWatcher, statSync, watch } from "node:fs";

/** How often a folder that cannot be watched is taken to have changed, milliseconds. */
const POLL_MS = 1_000;
/**
 * How often it is looked whether what is watched is still the folder of that name, and whether one
 * that was not can be watched now, milliseconds.
 */
const LOOK_AGAIN_MS = 10_000;

/**
 * Tells when names of a folder come, go or change. Where the host gives no watch (inotify's limits,
 * no descriptor left) or the folder is gone, it tells every second instead, says so once, and
 * watches again as soon as it can.
 */
export class FolderWatch {
  readonly #folder: string;
  readonly #changed: (name: string | null) => void;
  readonly #log: (text: string) => void;
  #watcher: FSWatcher | null = null;
  /** Of what is watched. */
  #identity: string | null = null;
  #poll: NodeJS.Timeout | null = null;
  #look: NodeJS.Timeout | null = null;

  /** `changed`: with null where it is not known what has changed. */
  constructor(folder: string, changed: (name: string | null) => void, log: (text: string) => void) {
    this.#folder = folder;
    this.#changed = changed;
    this.#log = log;
  }

  start(): void {
    this.#watch();
    this.#look = setInterval(() => this.lookAgain(), LOOK_AGAIN_MS);
  }

  stop(): void {
    for (const timer of [this.#look, this.#poll]) if (timer !== null) clearInterval(timer);
    this.#watcher?.close();
    this.#look = this.#poll = this.#watcher = null;
  }

  /** The kernel says nothing more of a folder that was removed or exchanged. */
  lookAgain(): void {
    if (this.#watcher !== null && identityOf(this.#folder) === this.#identity) return;
    this.#watcher?.close();
    this.#watcher = null;
    this.#watch();
  }

  #watch(): void {
    try {
      // Before the watch begins, so that a folder exchanged meanwhile is another one at the next
      // look.
      this.#identity = identityOf(this.#folder);
      const watcher = watch(this.#folder, (_what, name) => this.#changed(name));
      watcher.on("error", (error) => this.#failed(error));
      this.#watcher = watcher;
    } catch (error) {
      this.#failed(error);
      return;
    }
    if (this.#poll === null) return;
    clearInterval(this.#poll);
    this.#poll = null;
    this.#log(`${this.#folder} is watched again`);
    // What has changed since it was looked at last.
    this.#changed(null);
  }

  #failed(error: unknown): void {
    this.#watcher?.close();
    this.#watcher = null;
    if (this.#poll !== null) return;
    this.#poll = setInterval(() => this.#changed(null), POLL_MS);
    const why = error instanceof Error ? error.message : error;
    this.#log(`${this.#folder} cannot be watched (${why}): it is looked at every second instead`);
    this.#changed(null);
  }
}

/** null for a folder that is not there or cannot be looked at. */
function identityOf(folder: string): string | null {
  try {
    const { dev, ino } = statSync(folder, { bigint: true });
    return `${dev} ${ino}`;
  } catch (error) {
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
}
