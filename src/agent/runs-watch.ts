import { listRuns, type Run } from "../domains/runs.ts";
import { FolderWatch } from "./folder-watch.ts";
import { follows } from "./runs.ts";

/** Starts and ends come in bursts: they are looked at once after so long, milliseconds. */
const GATHER_MS = 200;

/** Tells when runs of the host have begun or ended: each is a name in one folder. */
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

  /** What runs now: one look at the host for all questions about one moment. */
  look(): Running {
    return new Running(listRuns(this.#folder).filter(({ number }) => number !== null));
  }
}

/** The host's runs at one moment. */
export class Running {
  readonly #runs: readonly Run[];
  readonly #followed: ReadonlySet<string>;

  constructor(runs: readonly Run[]) {
    this.#runs = runs;
    this.#followed = new Set(
      runs.filter(follows).map(({ domain, number }) => keyOf(domain, number)),
    );
  }

  /** Names of the host's domains that run. */
  domains(): readonly string[] {
    return [...new Set(this.#runs.map(({ domain }) => domain))];
  }

  any(domain: string, number: number): boolean {
    return this.#runs.some((run) => run.domain === domain && run.number === number);
  }

  /** Whether some process follows the domain's level and policy. */
  followed(domain: string, number: number): boolean {
    return this.#followed.has(keyOf(domain, number));
  }
}

function keyOf(domain: string, number: number | null): string {
  return `${number} ${domain}`;
}
