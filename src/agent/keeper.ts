import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { KeptState } from "../host/agent-answers.ts";
import { lockFile, lockOwner } from "../kernel/file-lock.ts";

/**
 * Milliseconds between looks at a program that another agent started, whose end this agent is not
 * told.
 */
const LOOK_AT_ADOPTED_MS = 1_000;
/** Milliseconds between looks whether this agent's own program has released its lock. */
const LOOK_AT_LOCK_MS = 1_000;
/** First and longest wait before a restart, milliseconds; each failure doubles it. */
const BACK_OFF_MIN_MS = 100;
const BACK_OFF_MAX_MS = 30_000;
/** A program that lived this long did not fail at its start, milliseconds. */
const HEALTHY_AFTER_MS = 60_000;

export interface KeptCommand {
  readonly program: string;
  readonly arguments: readonly string[];
}

/**
 * Keeps a program of the host's alive: the shared mediator, the session server. It has a session of
 * its own and outlives the agent. Its lock tells whether it runs, so that there are never two. A
 * new agent takes over a running one.
 */
export class Keeper {
  readonly #command: KeptCommand;
  readonly #lock: string;
  readonly #tell: (restarts: number, why: string) => void;
  readonly #isAnother: () => void;
  #state: KeptState = { state: "none", pid: null, restarts: 0 };
  #wait = BACK_OFF_MIN_MS;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  /**
   * `tell`: called when the program has ended; `isAnother`: when another process runs it than
   * before, as {@link state} says.
   */
  constructor(
    command: KeptCommand,
    lock: string,
    tell: (restarts: number, why: string) => void,
    isAnother: () => void = () => undefined,
  ) {
    this.#command = command;
    this.#lock = lock;
    this.#tell = tell;
    this.#isAnother = isAnother;
  }

  get state(): KeptState {
    return this.#state;
  }

  /**
   * A failure to find or start the program is reported like its end, and tried again. `renew`: a
   * program of another version gets a successor, which ends it.
   */
  start(renew = false): void {
    try {
      if (!renew && this.#isThere()) this.#adopt(lockOwner(this.#lock));
      else this.#spawn();
    } catch (error) {
      this.#ended(error instanceof Error ? error.message : String(error));
    }
  }

  #isThere(): boolean {
    // The program makes the folder itself: after the host's start neither exists.
    if (!existsSync(dirname(this.#lock))) return false;
    const held = lockFile(this.#lock);
    held?.release();
    return held === null;
  }

  /** Without `wanted` the program goes on, and is not started again. */
  keep(wanted: boolean): void {
    if (wanted === !this.#stopped && this.#state.state !== "none") return;
    if (!wanted) this.stop();
    else {
      this.#stopped = false;
      this.start();
    }
  }

  /** The program goes on. */
  stop(): void {
    this.#stopped = true;
    this.#state = { ...this.#state, state: "none", pid: null };
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #spawn(): void {
    const { program, arguments: args } = this.#command;
    // The environment as the holder gives it: only PATH.
    const env = { PATH: process.env.PATH };
    const child = spawn(program, args, {
      detached: true,
      stdio: ["ignore", "ignore", "inherit"],
      cwd: "/",
      env,
    });
    const since = performance.now();
    this.#runs(child.pid ?? null);
    child.unref();
    this.#onEnd(child, (why) => {
      if (performance.now() - since >= HEALTHY_AFTER_MS) this.#wait = BACK_OFF_MIN_MS;
      this.#ended(why);
    });
  }

  #onEnd(child: ChildProcess, ended: (why: string) => void): void {
    let told = false;
    let held = false;
    const once = (why: string): void => {
      clearInterval(look);
      if (!told) ended(why);
      told = true;
    };
    // A program that was told to end, or whose stand-by has taken over, may still have work but has
    // released its lock. Then another one may start, or has started.
    const look = setInterval(() => {
      const holds = child.pid !== undefined && ownerOrNull(this.#lock) === child.pid;
      if (held && !holds) once("another process holds its lock, or none does");
      held ||= holds;
    }, LOOK_AT_LOCK_MS).unref();
    child.once("error", (error) => once(error.message));
    child.once("exit", (status, signal) =>
      once(signal === null ? `exit status ${status}` : signal),
    );
  }

  #runs(pid: number | null): void {
    const before = this.#state.pid;
    this.#state = { ...this.#state, state: "running", pid };
    if (pid !== null && pid !== before) this.#isAnother();
  }

  #adopt(pid: number | null): void {
    this.#runs(pid);
    this.#later(LOOK_AT_ADOPTED_MS, () => this.#lookAtAdopted(pid));
  }

  /**
   * If nothing can be determined now, for want of descriptors say, the program is assumed to run.
   */
  #lookAtAdopted(pid: number | null): void {
    let isThere = true;
    let owner = pid;
    try {
      isThere = this.#isThere();
      // A stand-by may have taken over since.
      owner = lockOwner(this.#lock) ?? owner;
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
    }
    if (isThere) this.#adopt(owner);
    else this.#ended("it is gone");
  }

  #ended(why: string): void {
    if (this.#stopped) return;
    const restarts = this.#state.restarts + 1;
    this.#state = { state: "waiting", pid: null, restarts };
    this.#tell(restarts, why);
    this.#later(this.#wait, () => this.start());
    this.#wait = Math.min(this.#wait * 2, BACK_OFF_MAX_MS);
  }

  #later(milliseconds: number, work: () => void): void {
    if (!this.#stopped) this.#timer = setTimeout(work, milliseconds);
  }
}

/** null if there is nothing to keep. */
export function keeperOf(
  command: KeptCommand | null,
  lock: string,
  tell: (restarts: number, why: string) => void,
  isAnother: () => void,
): Keeper | null {
  return command === null ? null : new Keeper(command, lock, tell, isAnother);
}

/** null also if the owner cannot be determined. */
function ownerOrNull(lock: string): number | null {
  try {
    return lockOwner(lock);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    return null;
  }
}
