import { readRunRecord } from "../domains/runs.ts";
import { SHELLS_OF_USER_MAX } from "./limits.ts";
import { SHELL_DOMAIN } from "./peer.ts";

export interface OpenShell {
  started(run: number): void;
  /** The shell has exited, or did not start; its children may still run. */
  over(): void;
}

interface Counted {
  readonly user: number;
  run: number | null;
  isOver: boolean;
}

/**
 * Counts the sandboxed shells of each user. A shell counts until the record of its run is gone: a
 * user who leaves a background process in each shell and logs out still has all these domains. A
 * restarted server does not know the shells of its predecessor. The limit on one user's share of
 * the mediator still holds for them (`mediate/shared/shares.ts`).
 */
export class OpenShells {
  readonly #runs: string;
  readonly #max: number;
  readonly #shells = new Set<Counted>();

  constructor(runs: string, max = SHELLS_OF_USER_MAX) {
    this.#runs = runs;
    this.#max = max;
  }

  /**
   * null if the user has the maximum. Root has no limit, so that an administrator can always repair
   * the host.
   */
  open(user: number): OpenShell | null {
    if (user !== 0 && this.of(user) >= this.#max) return null;
    const shell: Counted = { user, run: null, isOver: false };
    this.#shells.add(shell);
    return {
      started: (run) => {
        shell.run = run;
      },
      over: () => {
        shell.isOver = true;
        this.#forgetIfGone(shell);
      },
    };
  }

  of(user: number): number {
    let count = 0;
    for (const shell of this.#shells)
      if (shell.user === user && !this.#forgetIfGone(shell)) count += 1;
    return count;
  }

  #forgetIfGone(shell: Counted): boolean {
    if (!shell.isOver) return false;
    const isThere =
      shell.run !== null && readRunRecord(this.#runs, shell.run)?.domain === SHELL_DOMAIN;
    if (!isThere) this.#shells.delete(shell);
    return !isThere;
  }
}
