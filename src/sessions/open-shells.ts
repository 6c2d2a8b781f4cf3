import { readRunRecord } from "../domains/runs.ts";
import { SHELLS_OF_USER_MAX } from "./limits.ts";
import { SHELL_DOMAIN } from "./peer.ts";

/** One sandboxed shell, from its start to the end of the last process in it. */
export interface OpenShell {
  /** The process id of its run. */
  started(run: number): void;
  /** The shell itself has ended, or did not start; processes that it has left may go on. */
  over(): void;
}

interface Counted {
  readonly user: number;
  run: number | null;
  isOver: boolean;
}

/**
 * The sandboxed shells of each user. A shell counts until its run has no record any longer: a user
 * who leaves a process behind in each shell and logs out has as many domains as one who stays. A
 * restarted server does not know the shells before it; the share of the mediator that one user may
 * have still limits these (`mediate/shared/shares.ts`).
 */
export class OpenShells {
  readonly #runs: string;
  readonly #max: number;
  readonly #shells = new Set<Counted>();

  /** `runs`: folder of the host's runs. */
  constructor(runs: string, max = SHELLS_OF_USER_MAX) {
    this.#runs = runs;
    this.#max = max;
  }

  /**
   * Null if the user has the maximum. Root has no limit: an administrator who repairs the host must
   * get in.
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
