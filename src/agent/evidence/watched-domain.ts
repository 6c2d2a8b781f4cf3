import { jsonOf } from "../../base/read-json.ts";
import type { Event } from "../../events/event.ts";
import type { LogRecord } from "../../events/log/record.ts";
import type { Evidence, EvidenceFile, FreshLine, Gap, NeededOnce } from "../../host/evidence.ts";
import { GAP_LENGTH_MAX, NEEDS_BYTES_MAX, NEEDS_KEPT_MAX, USED_KEPT_MAX } from "./limits.ts";

/** The policy in force, as `DomainEntry` knows it. */
export interface PolicyNow {
  readonly digest: string | null;
  readonly text: string | null;
}

/** Runs of a domain that follow its level and policy, each as `PID START`, in a boot. */
export interface RunsNow {
  readonly boot: string;
  readonly keys: readonly string[];
}

/**
 * What a domain at level warning has done so far, in bounded memory: what does not fit is counted
 * as a gap.
 */
export class WatchedDomain {
  #file: EvidenceFile;
  readonly #needs = new Map<string, NeededOnce>();
  #bytes = 0;
  readonly #gaps = new Map<string, Gap>();
  readonly #used: Set<string>;
  isDirty = false;

  constructor(file: EvidenceFile) {
    this.#file = file;
    for (const need of file.needs) this.#keep(keyOf(need), need);
    for (const gap of file.gaps) this.#gaps.set(gap.kind, gap);
    this.#used = new Set(file.used);
  }

  static begin(
    policy: PolicyNow,
    runs: RunsNow,
    seq: number,
    now = new Date().toISOString(),
  ): WatchedDomain {
    const domain = new WatchedDomain({
      ...{ since: now, begun: "level", policySince: now, starts: 0, lastStart: null },
      ...{ needs: [], gaps: [], usedSince: now, used: [], fresh: [] },
      ...{ digest: policy.digest, policy: policy.text, seq, boot: runs.boot, known: runs.keys },
    });
    domain.isDirty = true;
    return domain;
  }

  get seq(): number {
    return this.#file.seq;
  }

  get policy(): PolicyNow {
    return { digest: this.#file.digest, text: this.#file.policy };
  }

  get seen(): Evidence {
    const { since, begun, policySince, starts, lastStart, usedSince, fresh } = this.#file;
    const [needs, gaps] = [[...this.#needs.values()], [...this.#gaps.values()]];
    const used = [...this.#used];
    return { since, begun, policySince, starts, lastStart, needs, gaps, usedSince, used, fresh };
  }

  /** What is written to disk; `seq`: of the last record that was read. */
  file(seq: number): EvidenceFile {
    return { ...this.#file, ...this.seen, seq: Math.max(seq, this.#file.seq) };
  }

  /** A new log has other numbers. */
  restart(seq: number): void {
    this.#change({ seq });
  }

  /** Warnings stay: they tell what the domain needs, whatever its policy was. */
  policyChanged(policy: PolicyNow, isNarrowed: boolean, now = new Date().toISOString()): void {
    const anew = { since: now, begun: "policy", starts: 0, lastStart: null } as const;
    const fresh = freshLines(this.#file, policy.text, now);
    this.#change({
      ...{ digest: policy.digest, policy: policy.text, policySince: now, fresh },
      ...(isNarrowed ? { ...anew, usedSince: now, fresh: [] } : {}),
    });
    if (isNarrowed) this.#used.clear();
  }

  /** Mediators have marked these grants. */
  addUsed(ids: Iterable<string>): void {
    const before = this.#used.size;
    for (const id of ids) if (this.#used.size < USED_KEPT_MAX) this.#used.add(id);
    if (this.#used.size > before) this.isDirty = true;
  }

  /** There is a run whose uses no mediator sees. */
  hidden(now = new Date().toISOString()): void {
    if (this.#file.usedSince !== null) this.#change({ usedSince: now });
  }

  /** Counts those that were not there before. */
  runsNow({ boot, keys }: RunsNow, now = new Date().toISOString()): void {
    const known = new Set(this.#file.boot === boot ? this.#file.known : []);
    const fresh = keys.filter((key) => !known.has(key)).length;
    if (fresh === 0 && known.size === keys.length && this.#file.boot === boot) return;
    const starts = this.#file.starts + fresh;
    const lastStart = fresh > 0 ? now : this.#file.lastStart;
    this.#change({ boot, known: keys, starts, lastStart });
  }

  /** A record of the log that belongs to the domain. */
  warned({ event }: Pick<LogRecord, "event">): void {
    const need = needOf(event);
    const key = keyOf(need);
    const before = this.#needs.get(key);
    if (before === undefined && !this.#hasRoom(need)) {
      this.gap("beyond", "", 1, event.time);
      return;
    }
    this.#keep(key, before === undefined ? need : together(before, need));
    this.isDirty = true;
  }

  gap(kind: Gap["kind"], what: string, count: number, last: string): void {
    const before = this.#gaps.get(kind)?.count ?? 0;
    const shown = what.slice(0, GAP_LENGTH_MAX);
    this.#gaps.set(kind, { kind, what: shown, count: before + count, last });
    this.isDirty = true;
  }

  #change(members: Partial<EvidenceFile>): void {
    this.#file = { ...this.#file, ...members };
    this.isDirty = true;
  }

  #hasRoom(need: NeededOnce): boolean {
    return this.#needs.size < NEEDS_KEPT_MAX && this.#bytes + bytesOf(need) <= NEEDS_BYTES_MAX;
  }

  #keep(key: string, need: NeededOnce): void {
    const before = this.#needs.get(key);
    this.#bytes += bytesOf(need) - (before === undefined ? 0 : bytesOf(before));
    this.#needs.set(key, need);
  }
}

/** Rules of a printed policy, one a line. */
const ruleLine = /^ {2}- (".*")$/;

function freshLines(
  { policy, fresh, starts }: EvidenceFile,
  text: string | null,
  since: string,
): readonly FreshLine[] {
  const [before, now] = [policy, text].map((one) => new Set((one ?? "").split("\n")));
  const kept = fresh.filter(({ line }) => now?.has(`  - ${JSON.stringify(line)}`));
  const added = [...(now ?? [])]
    .filter((line) => before?.has(line) === false)
    .flatMap((line) => {
      const [, written] = ruleLine.exec(line) ?? [];
      return written === undefined ? [] : [{ line: String(jsonOf(written)), since, starts }];
    });
  return [...kept, ...added];
}

function needOf(event: Event): NeededOnce {
  const { operation, object, request, reason, help, count, time, process } = event;
  const { executable, comm } = process;
  return {
    class: event.class,
    operation,
    object: request == null ? object : null,
    ...(request === undefined ? {} : { request }),
    reason,
    ...(help === undefined ? {} : { help }),
    count,
    first: event.first ?? time,
    last: time,
    // A process chooses its short name itself, so that it is shown as such.
    program: executable ?? (comm === null ? null : `[${comm}]`),
  };
}

function keyOf({ class: kind, operation, object, request }: NeededOnce): string {
  return JSON.stringify([kind, operation, object, request]);
}

/** Records come in the order of the log. */
function together(before: NeededOnce, after: NeededOnce): NeededOnce {
  return { ...before, count: before.count + after.count, last: after.last };
}

function bytesOf(need: NeededOnce): number {
  return Buffer.byteLength(JSON.stringify(need));
}
