import type { Event } from "../../events/event.ts";
import type { LogRecord } from "../../events/log/record.ts";
import { loggedRequest } from "../../events/logged-request.ts";
import type { Request } from "../../model/request.ts";
import type { Need } from "../../suggest/need.ts";
import { hostNames } from "../explain/names.ts";
import { requestOfEvent } from "../explain/request-of-event.ts";

/** Distinct requests that are kept; further ones are only counted. */
const NEEDS_MAX = 10_000;
/** Processes that are remembered of each. */
const PIDS_MAX = 16;
/** Calls that needed a capability, of which each is told. */
const PURPOSES_MAX = 8;

/** Folds records of one domain into what it needed, in bounded memory. */
export class NeedsOfLog {
  readonly #needs = new Map<string, Need>();
  #unread = 0;
  #forgotten = 0;

  add({ event }: LogRecord): void {
    const asked = requestOfEvent(event);
    if (asked.kind === "nothing") {
      this.#unread += event.class === "lifecycle" ? 0 : 1;
      return;
    }
    const request = onHost(asked.request);
    const key = JSON.stringify(loggedRequest(request));
    const before = this.#needs.get(key);
    if (before === undefined && this.#needs.size >= NEEDS_MAX) {
      this.#forgotten += 1;
      return;
    }
    const program = programOf(event.process);
    const first = event.first ?? event.time;
    this.#needs.set(key, {
      request,
      count: (before?.count ?? 0) + event.count,
      first: before === undefined || first < before.first ? first : before.first,
      last: before === undefined || event.time > before.last ? event.time : before.last,
      programs: withOne(before?.programs ?? [], program),
      pids: withOne(before?.pids ?? [], event.process.pid).slice(-PIDS_MAX),
      event: before === undefined || event.time > before.last ? event.id : (before.event ?? ""),
      ...purposesOf(event, before),
    });
  }

  get needs(): readonly Need[] {
    return [...this.#needs.values()];
  }

  /** Records whose request the log does not tell. */
  get unread(): number {
    return this.#unread;
  }

  /** Records of requests beyond NEEDS_MAX. */
  get forgotten(): number {
    return this.#forgotten;
  }
}

/** The object of a capability's event is `NAME for CALL`, as far as the call is known. */
function purposesOf({ class: kind, object }: Event, before: Need | undefined) {
  if (kind !== "capability") return {};
  const [, call = null] = / for (.+)$/s.exec(object) ?? [];
  return { purposes: withOne(before?.purposes ?? [], call).slice(0, PURPOSES_MAX) };
}

/** A process chooses its short name itself, so that it is shown as such. */
function programOf({ executable, comm }: Event["process"]): string | null {
  return executable ?? (comm === null ? null : `[${comm}]`);
}

/** The name of a socket that was not there is logged as the process wrote it, links included. */
export function onHost(request: Request): Request {
  const isSocket =
    request.class === "name" && (request.operation === "connect" || request.operation === "listen");
  if (!isSocket || !request.path.startsWith("/")) return request;
  return { ...request, path: hostNames.canonical(request.path, true) };
}

function withOne<T>(known: readonly T[], one: T | null): readonly T[] {
  return one === null || known.includes(one) ? known : [...known, one];
}
