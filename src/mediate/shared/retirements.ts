import { readFileSync } from "node:fs";
import { PRIVATE_FILE } from "../../base/modes.ts";
import { readJson, readValue } from "../../base/read-json.ts";
import * as is from "../../base/schema.ts";
import { type Claimant, isSame } from "../../domains/mediator-places.ts";
import { readProcStat } from "../../domains/proc-stat.ts";
import { monotonic } from "../../kernel/ffi.ts";
import { replaceFile } from "../../kernel/replace-file.ts";
import { QUARANTINE_MS, RETIRED_OF_USERS_MAX, RETIRED_UNTIL_QUARANTINE } from "../limits.ts";

export interface Retirement extends Claimant {
  /** Milliseconds of CLOCK_MONOTONIC. */
  readonly at: number;
  readonly pid: number;
  /** The start time of the process, as in proc_pid_stat(5). */
  readonly start: string;
}

const retirement: is.Schema<Retirement> = is.object({
  domain: is.text,
  uid: is.number,
  at: is.number,
  pid: is.number,
  start: is.text,
});

const MODE = PRIVATE_FILE;

/**
 * The claimants that have blocked the shared mediator. Each time costs other domains some
 * milliseconds and the host a process. So their runs get mediators of their own for a while, and
 * for as long as a mediator retired because of them lives. The list lies in a file beside the
 * socket, for later mediators.
 */
export class Retirements {
  readonly #path: string;
  readonly #now: () => number;
  #known: readonly Retirement[];

  /** `now`: milliseconds of CLOCK_MONOTONIC. */
  constructor(path: string, now: () => number = monotonicMs) {
    this.#path = path;
    this.#now = now;
    this.#known = readRetirements(path);
  }

  /** Process `pid` goes on for this claimant's run alone, or hangs with it. */
  add(claimant: Claimant, pid: number): void {
    const start = String(readProcStat(pid)?.start ?? "");
    const { domain, uid } = claimant;
    const before = this.#known.filter((one) => this.#counts(one));
    this.#known = [...before, { domain, uid, at: this.#now(), pid, start }];
  }

  write(): void {
    try {
      replaceFile(this.#path, Buffer.from(JSON.stringify(this.#known)), MODE);
    } catch {
      // The next active mediator begins with an empty list.
    }
  }

  isQuarantined(claimant: Claimant): boolean {
    if (this.#known.length === 0) return false;
    const own = this.#known.filter((one) => isSame(one, claimant) && this.#counts(one));
    const isRoot = claimant.uid === 0;
    if (own.length >= RETIRED_UNTIL_QUARANTINE[isRoot ? "root" : "user"]) return true;
    const ofUsers = this.#known.filter((one) => one.uid !== 0 && isAlive(one));
    return !isRoot && ofUsers.length >= RETIRED_OF_USERS_MAX;
  }

  #counts(retirement: Retirement): boolean {
    return this.#now() - retirement.at < QUARANTINE_MS || isAlive(retirement);
  }
}

/** None if the file is missing or invalid. */
export function readRetirements(path: string): readonly Retirement[] {
  try {
    const found = readJson(is.list(is.anything), readFileSync(path, "utf8"));
    if (found.state === "bad") return [];
    return found.value.flatMap((one) => {
      const read = readValue(retirement, one);
      return read.state === "good" ? [read.value] : [];
    });
  } catch {
    return [];
  }
}

export function retirementsBeside(socket: string): string {
  return `${socket}.retired`;
}

function isAlive({ pid, start }: Retirement): boolean {
  const stat = readProcStat(pid);
  return stat !== null && String(stat.start) === start && stat.state !== "Z";
}

function monotonicMs(): number {
  return Number(monotonic() / 1_000_000n);
}
