import {
  type Exception,
  endOf,
  type Grant,
  readExceptions,
  writeExceptions,
} from "../../domains/exceptions.ts";
import { tagOfDigest } from "../../domains/identity.ts";
import {
  inThisBoot,
  type LevelClock,
  lastingFor,
  levelClock,
  secondsLeft,
  untilNow,
} from "../../domains/level-clock.ts";
import { type Actor, byItself } from "../../domains/levels.ts";
import { CLOCK_TICKS_A_SECOND } from "../../domains/proc-stat.ts";
import { follows, listRuns, type Run } from "../../domains/runs.ts";
import { StateError } from "../../domains/state-error.ts";
import { domainsWithState } from "../../domains/state-file.ts";
import { auditEvent } from "../../events/audit-event.ts";
import type { Event } from "../../events/event.ts";
import type { ReloadOutcome } from "../../host/agent-answers.ts";
import type { Places } from "../../host/places.ts";
import { makeFolder, modesFor } from "../../host/write-whole.ts";
import { parseDomainName } from "../../policy/names.ts";
import { ApiError } from "../api/api-error.ts";
import { Complaints } from "../complaints.ts";
import type { DomainTable } from "../domain-table.ts";
import { type Judged, judgeException } from "./judge.ts";

/** Exceptions that a domain may have at a time: with more, its policy wants an edit. */
export const EXCEPTIONS_MAX = 16;
/** Longest `--for` of an exception, seconds: a week. */
export const EXCEPTION_SECONDS_MAX = 7 * 86_400;
/**
 * Milliseconds between looks at the clocks while there is an exception: the host may sleep, and a
 * file that could not be written is tried again.
 */
const LOOK_AT_CLOCK_MS = 30_000;
/** Seconds by which what was left at a boot is less than what was asked. */
const CLOCK_STEP_S = 1;

export interface AskedException {
  readonly grant: Grant;
  readonly seconds: number;
  readonly why: string;
  /** A person has seen its dangers. */
  readonly dangerous: boolean;
}

export interface AddedException extends Judged {
  readonly exception: Exception;
  readonly outcome: ReloadOutcome;
}

export interface EndedExceptions {
  readonly ended: readonly Exception[];
  readonly outcome: ReloadOutcome;
}

export interface KnownException {
  readonly domain: string;
  readonly exception: Exception;
  /** By the wall clock as it is set now, ISO 8601. */
  readonly until: string;
}

export interface PoliciesInForce {
  /** Puts a domain's policy into force, also if only the ends of its rules differ. */
  reload(domain: string): Promise<ReloadOutcome>;
  /** What keeps the domain from starting at level enforcing; null: nothing. */
  problemsOfStart(domain: string): Promise<string | null>;
}

/**
 * Grants that end by themselves: first on disk, then in the policies in force, then as an audit
 * event. The agent's calls come one after the other. What ends them without an agent: no start
 * uses a plan with an exception that has ended (`plan.ts`), and mediators look at the clock
 * themselves (`mediate/domain/ending.ts`).
 */
export class Exceptions {
  readonly #places: Places;
  readonly #table: DomainTable;
  readonly #inForce: PoliciesInForce;
  readonly #tell: (event: Event) => void;
  readonly #complaints: Complaints;
  readonly #due: () => void;
  /** Told to have ended, while their file could not be written. */
  readonly #told = new Set<string>();
  /** Domains whose policy could not be put into force after an exception ended. */
  readonly #behind = new Set<string>();
  #timer: NodeJS.Timeout | null = null;

  /** `due` is called when {@link look} has something to do. */
  constructor(
    places: Places,
    table: DomainTable,
    inForce: PoliciesInForce,
    { tell, log, due }: { tell: (event: Event) => void; log: (text: string) => void; due(): void },
  ) {
    this.#places = places;
    this.#table = table;
    this.#inForce = inForce;
    this.#tell = tell;
    this.#complaints = new Complaints(log);
    this.#due = due;
  }

  /** In force now, by domain. A broken file has none, and is reported. */
  list(): readonly KnownException[] {
    const clock = levelClock();
    return this.#domains().flatMap((domain) =>
      (this.#read(domain) ?? [])
        .filter((exception) => endOf(exception, clock) !== null)
        .map((exception) => ({
          domain,
          exception,
          until: untilNow(exception, clock) ?? exception.until,
        })),
    );
  }

  /** @throws ApiError for one that is refused, StateError for a broken file */
  async add(domain: string, asked: AskedException, by: Actor): Promise<AddedException> {
    const clock = levelClock();
    const before = readExceptions(this.#folder, domain);
    const now = before.filter((exception) => endOf(exception, clock) !== null);
    if (now.length >= EXCEPTIONS_MAX) throw tooMany(domain);
    const exception: Exception = {
      ...asked.grant,
      id: Math.max(0, ...before.map(({ id }) => id)) + 1,
      ...{ by, why: asked.why },
      ...lastingFor(clock, asked.seconds),
    };
    const judged = await judgeException(this.#places, domain, now, exception);
    if (judged.dangers.length > 0 && !asked.dangerous) throw dangerous(exception, judged);
    makeFolder(this.#folder, modesFor(0));
    const outcome = await this.#change(domain, before, [...before, exception]);
    const problems = outcome.problems ?? (await this.#inForce.problemsOfStart(domain));
    if (problems !== null) {
      await this.#change(domain, [...before, exception], before);
      throw new ApiError(409, `with this line \`${domain}\` could not be started`, problems.trim());
    }
    this.#tellOf(domain, "exception added", by, `${spell(exception)} until ${exception.until}`, [
      ...judged.dangers.map((danger) => `careful: ${danger}`),
      exception.why,
    ]);
    this.watch();
    return { exception, ...judged, outcome };
  }

  /** `id` null: all. `isPromoted`: the policy has the line for good. @throws ApiError */
  async end(
    domain: string,
    id: number | null,
    isPromoted: boolean,
    by: Actor,
  ): Promise<EndedExceptions> {
    const known = id === null ? (this.#read(domain) ?? []) : readExceptions(this.#folder, domain);
    const ended = known.filter((one) => id === null || one.id === id);
    if (id !== null && ended.length === 0) throw noSuch(domain, id);
    const left = known.filter((one) => !ended.includes(one));
    const tag = this.#tagOf(domain);
    const outcome = await this.#change(domain, known, left);
    const operation = isPromoted ? "exception promoted" : "exception ended";
    for (const exception of ended)
      this.#tellOf(domain, operation, by, spell(exception), [
        ...(isPromoted ? [] : this.#keptBy(domain, exception, tag, keepsWhenEnded)),
        exception.why,
      ]);
    this.watch();
    return { ended, outcome };
  }

  /**
   * On disk, then in force. If there is no room to put it in force, the disk has what it had.
   * @throws the system's error
   */
  async #change(
    domain: string,
    before: readonly Exception[],
    after: readonly Exception[],
  ): Promise<ReloadOutcome> {
    this.#write(domain, after);
    try {
      return await this.#inForce.reload(domain);
    } catch (error) {
      this.#write(domain, before);
      throw error;
    }
  }

  /** Ends what has had its time, and brings the others into this boot. */
  async look(): Promise<void> {
    for (const domain of new Set([...this.#domains(), ...this.#behind]))
      await this.#complaints.tryTo(`exceptions of ${domain} that may have ended`, () =>
        this.#lookAt(domain),
      );
    this.watch();
  }

  /** Waits for the next end. */
  watch(): void {
    this.stop();
    const clock = levelClock();
    const waits = this.#domains().flatMap((domain) =>
      (this.#read(domain) ?? []).map((exception) => this.#waitFor(domain, exception, clock)),
    );
    if (waits.length === 0 && this.#behind.size === 0) return;
    this.#timer = setTimeout(this.#due, Math.min(...waits, LOOK_AT_CLOCK_MS));
  }

  /** Milliseconds until an exception is to be ended, or its file to be written again. */
  #waitFor(domain: string, exception: Exception, clock: LevelClock): number {
    const left = (secondsLeft(exception, clock) ?? 0) * 1_000;
    if (left > 0) return left + 1;
    return this.#told.has(keyOf(domain, exception)) ? LOOK_AT_CLOCK_MS : 0;
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  async #lookAt(domain: string): Promise<void> {
    const clock = levelClock();
    const before = this.#read(domain) ?? [];
    const over = before.filter((exception) => endOf(exception, clock) === null);
    const left = before.filter((exception) => !over.includes(exception));
    const brought = left.map((exception) => inThisBoot(exception, clock) ?? exception);
    const isChanged = brought.some((exception, at) => exception !== left[at]);
    if (over.length === 0 && !isChanged && !this.#behind.has(domain)) return;
    const fresh = over.filter((exception) => !this.#told.has(keyOf(domain, exception)));
    for (const exception of over) this.#told.add(keyOf(domain, exception));
    const isWritten = this.#complaints.try(`the exceptions of ${domain} cannot be written`, () =>
      this.#write(domain, brought),
    );
    if (isWritten) for (const exception of over) this.#told.delete(keyOf(domain, exception));
    if (fresh.length > 0 || isChanged) this.#behind.add(domain);
    if (!this.#behind.has(domain)) return;
    const tag = this.#tagOf(domain);
    try {
      await this.#inForce.reload(domain);
      this.#behind.delete(domain);
    } finally {
      for (const exception of fresh)
        this.#tellOf(domain, "exception ended", byItself, spell(exception), [
          "its time is over",
          ...this.#keptBy(domain, exception, tag, keepsAfterItsTime),
          exception.why,
        ]);
    }
  }

  /**
   * Processes that were started with it. By the policy that they were started with, or by the time:
   * the policy may have changed since.
   */
  #keptBy(
    domain: string,
    exception: Exception,
    tag: string | null,
    keeps: (run: Run) => boolean,
  ): readonly string[] {
    const begin = addedAt(exception);
    const pids = listRuns(this.#places.system.runs)
      .filter((run) => run.domain === domain && keeps(run))
      .filter(
        ({ policy, start }) =>
          (policy !== null && policy === tag) || Number(start) / CLOCK_TICKS_A_SECOND >= begin,
      )
      .map(({ pid }) => pid);
    const [first, ...more] = pids;
    if (first === undefined) return [];
    const which = more.length === 0 ? "process" : "processes";
    return [`kept until their restart by ${which} ${pids.join(", ")}`];
  }

  /** Of the policy in force. */
  #tagOf(domain: string): string | null {
    const digest = this.#table.get(domain)?.digest ?? null;
    return digest === null ? null : tagOfDigest(digest);
  }

  get #folder(): string {
    return this.#places.system.exceptions;
  }

  #domains(): readonly string[] {
    return domainsWithState(this.#folder, (text) => parseDomainName(text) !== null);
  }

  #write(domain: string, list: readonly Exception[]): void {
    writeExceptions(this.#folder, domain, list);
  }

  #read(domain: string): readonly Exception[] | null {
    try {
      const list = readExceptions(this.#folder, domain);
      this.#complaints.over(domain);
      return list;
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      this.#complaints.say(domain, `${error.message}; ${error.help}`);
      return null;
    }
  }

  #tellOf(
    domain: string,
    operation: string,
    by: Actor,
    what: string,
    more: readonly string[],
  ): void {
    const entry = this.#table.get(domain);
    const level = entry === null ? null : this.#table.levelOf(entry);
    const subject = { domain, number: entry?.number ?? null, level: level ?? "enforcing" } as const;
    this.#tell(auditEvent(subject, operation, [what, ...more].join("; "), by));
  }
}

function spell({ id, section, line }: Exception): string {
  return `${id}: ${section}: ${line}`;
}

function keyOf(domain: string, { id, since }: Exception): string {
  return `${domain} ${id} ${since}`;
}

/** A sealed process cannot lose what the kernel was told at its start. */
function keepsAfterItsTime({ mode }: Run): boolean {
  return mode === "sealed";
}

/** A run with a level of its own follows no table; its mediator only looks at the clock. */
function keepsWhenEnded(run: Run): boolean {
  return !follows(run);
}

/** Seconds since boot; 0 for one that is older than this boot. */
function addedAt({ since, until, untilUptime }: Exception): number {
  const { seconds = 0, lasts = 0 } = untilUptime ?? {};
  const asked = (Date.parse(until) - Date.parse(since)) / 1_000;
  return lasts < asked - CLOCK_STEP_S ? 0 : Math.max(0, seconds - lasts);
}

function tooMany(domain: string): ApiError {
  return new ApiError(
    409,
    `\`${domain}\` has ${EXCEPTIONS_MAX} exceptions, and may not have more`,
    `end or promote some: cofferdam exception list ${domain}`,
  );
}

function dangerous({ section, line }: Exception, { dangers }: Judged): ApiError {
  return new ApiError(
    409,
    `\`${section}: ${line}\` is dangerous: ${dangers.join("; ")}`,
    "add --dangerous if it is meant so",
  );
}

function noSuch(domain: string, id: number): ApiError {
  return new ApiError(
    404,
    `\`${domain}\` has no exception ${id}`,
    `cofferdam exception list ${domain} shows them`,
  );
}
