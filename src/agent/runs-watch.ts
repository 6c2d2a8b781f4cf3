import { follows, listRuns, type Run } from "../domains/runs.ts";
import { FolderWatch } from "./folder-watch.ts";

/** Milliseconds for which starts and ends, which come in bursts, are gathered. */
const GATHER_MS = 200;

/** Notices when runs of the host begin or end: each is a name in one folder. */
export class RunsWatch {
  readonly #folder: string;
  readonly #changed: () => void;
  readonly #watch: FolderWatch;
  #timer: NodeJS.Timeout | null = null;

  constructor(folder: string, changed: () => void, log: (text: string) => void) {
    this.#folder = folder;
    this.#changed = changed;
    this.#watch = new FolderWatch(folder, () => this.#later(), log);
  }

  start(): void {
    this.#watch.start();
  }

  stop(): void {
    this.#watch.stop();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #later(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#changed();
    }, GATHER_MS);
  }

  /** One look at the host for all questions about one moment. */
  look(): Running {
    return new Running(listRuns(this.#folder).filter(({ number }) => number !== null));
  }
}

export class Running {
  readonly #runs: readonly Run[];
  readonly #followed: ReadonlySet<string>;

  constructor(runs: readonly Run[]) {
    this.#runs = runs;
    this.#followed = new Set(
      runs.filter(follows).map(({ domain, number }) => keyOf(domain, number)),
    );
  }

  domains(): readonly string[] {
    return [...new Set(this.#runs.map(({ domain }) => domain))];
  }

  any(domain: string, number: number): boolean {
    return this.#runs.some((run) => run.domain === domain && run.number === number);
  }

  followed(domain: string, number: number): boolean {
    return this.#followed.has(keyOf(domain, number));
  }
}

function keyOf(domain: string, number: number | null): string {
  return `${number} ${domain}`;
}
