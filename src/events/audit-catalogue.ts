import { printable } from "../base/printable.ts";
import type { Level } from "../model/policy.ts";
import type { Event, EventProcess, SupershellUse } from "./event.ts";
import { stamp } from "./identity.ts";
import { supershellWords } from "./supershell-words.ts";

/**
 * Changes that an auditor must see, under ESXi's names and Cofferdam's. They are never folded nor
 * dropped to save room. The sentences are Cofferdam's; ids, severities and the order of the
 * arguments are ESXi's.
 */
export interface AuditKind {
  /** Cofferdam's name, for journald and JSON. */
  readonly name: string;
  /** In ESXi's vobd.log: the observation, and the event that an administrator is shown. */
  readonly vob: string;
  readonly event: string;
  readonly severity: "warning" | "info";
  /** For `{1}`, `{2}`, ... in ESXi's event. */
  readonly arguments: readonly ("domain" | "level")[];
}

export const auditCatalogue = {
  "level-changed": {
    name: "cofferdam.domain.level.changed",
    vob: "vob.uw.secpolicy.domain.level.changed",
    event: "esx.audit.uw.secpolicy.domain.level.changed",
    severity: "warning",
    arguments: ["domain", "level"],
  },
  "all-levels-changed": {
    name: "cofferdam.alldomains.level.changed",
    vob: "vob.uw.secpolicy.alldomains.level.changed",
    event: "esx.audit.uw.secpolicy.alldomains.level.changed",
    severity: "warning",
    arguments: ["level"],
  },
  supershell: {
    name: "cofferdam.supershell.access",
    vob: "vob.user.supershell.access",
    event: "esx.audit.supershell.access",
    severity: "info",
    arguments: [],
  },
} as const satisfies Readonly<Record<string, AuditKind>>;

export type AuditOperation = keyof typeof auditCatalogue;

export const ALL_DOMAINS = "*";

export type By = NonNullable<Event["by"]>;

export interface SupershellRecord extends Pick<Event, "domain" | "number" | "level"> {
  readonly by: By;
  readonly command: string | null;
  readonly use: Omit<SupershellUse, "session">;
}

export interface LevelChange {
  readonly domain: string;
  readonly number: number | null;
  readonly from: Level;
  readonly to: Level;
  readonly by: By;
  /** When the change will be undone, ISO 8601; absent for a permanent change. */
  readonly until?: string;
  /** The author of the order, if known; else this process, which carried it out. */
  readonly process?: EventProcess;
}

/** Precedes the level in the object of an order that changed nothing. */
const STILL = "still ";

export function levelChanged({ domain, number, from, to, by, until, process }: LevelChange): Event {
  const end = until === undefined ? "" : ` until ${until}`;
  const object = from === to ? `${STILL}${to}${end}` : `from ${from} to ${to}${end}`;
  return audit("level-changed", { domain, number, level: to, object, by }, process);
}

export function allLevelsChanged({
  to,
  by,
  until,
  process,
}: Pick<LevelChange, "to" | "by" | "until" | "process">): Event {
  const object = `to ${to}${until === undefined ? "" : ` until ${until}`}`;
  return audit(
    "all-levels-changed",
    { domain: ALL_DOMAINS, number: null, level: to, object, by },
    process,
  );
}

/** `command`: null for a session. `domain`: the domain of the shell. */
export function supershellUsed(
  { command, use, ...by }: SupershellRecord,
  process?: EventProcess,
): Event {
  const supershell = { ...use, session: command === null };
  return { ...audit("supershell", { ...by, object: command ?? "a session" }, process), supershell };
}

function audit(
  operation: AuditOperation,
  changed: Pick<Event, "domain" | "number" | "level" | "object"> & { by: By },
  by: EventProcess = ownProcess(),
): Event {
  return {
    ...stamp(),
    ...changed,
    engine: "landlock",
    source: "agent",
    verdict: "audit",
    class: "audit",
    operation,
    request: null,
    process: by,
    rule: null,
    reason: null,
    allow: null,
    count: 1,
  };
}

function ownProcess(): EventProcess {
  return {
    pid: process.pid,
    uid: process.geteuid?.() ?? null,
    comm: null,
    executable: process.execPath,
  };
}

/** null for an event that is not in the catalogue, perhaps from a newer program. */
export function auditKind(event: Event): AuditKind | null {
  if (event.verdict !== "audit" || !Object.hasOwn(auditCatalogue, event.operation)) return null;
  return auditCatalogue[event.operation as AuditOperation];
}

const words: Readonly<Record<AuditOperation, (event: Event) => string>> = {
  "level-changed": ({ domain, object }) =>
    `${domain}: level ${object.startsWith(STILL) ? "" : "changed "}${object}`,
  "all-levels-changed": ({ object }) => `all domains: level changed ${object}`,
  supershell: (event) => `${event.domain}: super shell: ${supershellWords(event)}`,
};

/** Safe for a terminal: what was changed, and by which user. */
export function auditSentence(event: Event): string {
  const what =
    auditKind(event) === null
      ? `${event.domain}: ${event.operation} ${event.object}`
      : words[event.operation as AuditOperation](event);
  return printable(`audit: ${what}${byWords(event.by)}`);
}

function byWords(by: Event["by"]): string {
  if (by === undefined) return "";
  return by.name === null ? `, by user ${by.uid}` : `, by ${by.name} (user ${by.uid})`;
}
