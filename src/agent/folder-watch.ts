import { type FSWatcher, statSync, watch } from "node:fs";

/** Milliseconds: a folder that cannot be watched counts as changed this often. */
const POLL_MS = 1_000;
/**
 * Milliseconds between checks that the watched folder still has its name, and that an unwatched one
 * cannot be watched yet.
 */
const LOOK_AGAIN_MS = 10_000;

/**
 * Reports names of a folder that appear, disappear or change. If the host refuses a watch
 * (inotify's limits, no descriptor left) or the folder is gone, it reports a change every second
 * instead, says so once, and watches again as soon as it can.
 */
export class FolderWatch {
  readonly #folder: string;
  readonly #changed: (name: string | null) => void;
  readonly #log: (text: string) => void;
  #watcher: FSWatcher | null = null;
  #identity: string | null = null;
  #poll: NodeJS.Timeout | null = null;
  #look: NodeJS.Timeout | null = null;

  /** `changed`: with null if the name is unknown. */
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

  /** The kernel reports nothing more of a folder that was removed or exchanged. */
  lookAgain(): void {
    if (this.#watcher !== null && identityOf(this.#folder) === this.#identity) return;
    this.#watcher?.close();
    this.#watcher = null;
    this.#watch();
  }

  #watch(): void {
    try {
      // Read before the watch begins, so that the next check notices a folder that was exchanged
      // meanwhile.
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
    // Something may have changed since the last look.
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

/** null if the folder is missing or cannot be examined. */
function identityOf(folder: string): string | null {
  try {
    const { dev, ino } = statSync(folder, { bigint: true });
    return `${dev} ${ino}`;
  } catch (error) {
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
}
