import type { Places } from "../host/places.ts";
import { concernsConsole, refreshConsole } from "../host/shell-sandbox/console.ts";
import { shellSandboxState } from "../host/shell-sandbox/shell-sandbox.ts";
import { Complaints } from "./complaints.ts";
import { FolderWatch } from "./folder-watch.ts";
import type { Keeper } from "./keeper.ts";

/**
 * Milliseconds between looks at the setting: an administrator may remove its files, which sshd and
 * systemd read, by hand.
 */
const LOOK_MS = 10_000;

/**
 * What logins need while any of them enters the sandbox: the session server, and the consoles'
 * accounts in step with the host's.
 */
export class Logins {
  readonly #places: Places;
  readonly sessions: Keeper | null;
  readonly #complaints: Complaints;
  readonly #watch: FolderWatch;
  #timer: NodeJS.Timeout | undefined;

  constructor(places: Places, sessions: Keeper | null, log: (text: string) => void) {
    this.#places = places;
    this.sessions = sessions;
    this.#complaints = new Complaints(log);
    this.#watch = new FolderWatch(
      "/etc",
      (name) => (concernsConsole(name) ? this.#refresh() : undefined),
      log,
    );
  }

  start(): void {
    this.look();
    this.#timer = setInterval(() => this.look(), LOOK_MS);
    this.#refresh();
    this.#watch.start();
  }

  /** The session server goes on. */
  stop(): void {
    this.sessions?.stop();
    clearInterval(this.#timer);
    this.#watch.stop();
  }

  look(): void {
    this.#complaints.try("what becomes of logins cannot be seen", () =>
      this.sessions?.keep(shellSandboxState(this.#places) !== "off"),
    );
  }

  #refresh(): void {
    this.#complaints.try("the accounts of consoles cannot be kept", () =>
      refreshConsole(this.#places),
    );
  }
}
